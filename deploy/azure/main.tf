# What Pitcrew reads with, on a management group: two roles on everything below it, and the export's container.
# The actions are those of role.json beside this file, which is written by the code it describes.

terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = ">= 4.0" }
  }
}

variable "principal_id" {
  type        = string
  description = "The object id of the managed identity or service principal that Pitcrew runs as."
}

variable "management_group_id" {
  type        = string
  description = "/providers/Microsoft.Management/managementGroups/<id>; the tenant's root group for everything."
}

variable "export_container_id" {
  type        = string
  default     = ""
  description = "<storage account>/blobServices/default/containers/<container> of the FOCUS export; empty without one."
}

variable "commitments" {
  type        = bool
  default     = true
  description = "Whether reservations and savings plans of the tenant are read; giving it takes elevated access."
}

locals {
  role = jsondecode(file("${path.module}/role.json"))
}

resource "azurerm_role_definition" "pitcrew_read" {
  name              = "${local.role.Name} (${basename(var.management_group_id)})"
  description       = local.role.Description
  scope             = var.management_group_id
  assignable_scopes = [var.management_group_id]
  permissions {
    actions = local.role.Actions
  }
}

resource "azurerm_role_assignment" "inventory" {
  scope              = var.management_group_id
  role_definition_id = azurerm_role_definition.pitcrew_read.role_definition_resource_id
  principal_id       = var.principal_id
}

resource "azurerm_role_assignment" "cost" {
  scope                = var.management_group_id
  role_definition_name = "Cost Management Reader"
  principal_id         = var.principal_id
}

resource "azurerm_role_assignment" "bill" {
  count                = var.export_container_id == "" ? 0 : 1
  scope                = var.export_container_id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = var.principal_id
}

resource "azurerm_role_assignment" "reservations" {
  count                = var.commitments ? 1 : 0
  scope                = "/providers/Microsoft.Capacity"
  role_definition_name = "Reservations Reader"
  principal_id         = var.principal_id
}

resource "azurerm_role_assignment" "savings_plans" {
  count                = var.commitments ? 1 : 0
  scope                = "/providers/Microsoft.BillingBenefits"
  role_definition_name = "Savings plan Reader"
  principal_id         = var.principal_id
}
