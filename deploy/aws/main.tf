# The role that Pitcrew reads with: once in the payer's account (hub = true), once in each member account.
# The policies are the JSON files beside this one, which are written by the code they describe.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

variable "hub" {
  type        = bool
  default     = false
  description = "Whether this is the payer's account, or that of a delegated administrator."
}

variable "principal" {
  type        = string
  description = "The ARN of who takes the role on: Pitcrew's own role for the hub, the hub's role for members."
}

variable "external_id" {
  type      = string
  sensitive = true
}

variable "export_bucket" {
  type    = string
  default = ""
}

variable "export_prefix" {
  type    = string
  default = ""
}

locals {
  hub    = replace(replace(file("${path.module}/hub-policy.json"), "EXPORT_BUCKET", var.export_bucket), "EXPORT_PREFIX", var.export_prefix)
  member = file("${path.module}/member-policy.json")
}

resource "aws_iam_role" "pitcrew_read" {
  name                 = "pitcrew-read"
  description          = "Read-only FinOps assessments by Pitcrew"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.principal }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_role_policy" "pitcrew_read" {
  name   = "pitcrew-read"
  role   = aws_iam_role.pitcrew_read.id
  policy = var.hub ? local.hub : local.member
}

output "role_arn" {
  value = aws_iam_role.pitcrew_read.arn
}
