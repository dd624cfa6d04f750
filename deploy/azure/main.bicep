// What Pitcrew reads with, on a management group: two roles on everything below it, and the export's container.
// The actions are those of role.json beside this file, which is written by the code it describes.
//   az deployment mg create --management-group-id <id> --location <region> --template-file main.bicep \
//     --parameters principalId=<object id> exportAccountId=<storage account> exportContainer=<container>

targetScope = 'managementGroup'

@description('The object id of the managed identity or service principal that Pitcrew runs as.')
param principalId string

@description('The resource id of the storage account that the FOCUS export is delivered to; empty without an export.')
param exportAccountId string = ''

@description('The container in that account.')
param exportContainer string = ''

var costManagementReader = '72fafb9e-0641-4937-9268-a91bfd8191a3'
var definition = loadJsonContent('role.json')

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(managementGroup().id, definition.Name)
  properties: {
    roleName: '${definition.Name} (${managementGroup().name})'
    description: definition.Description
    type: 'CustomRole'
    permissions: [
      {
        actions: definition.Actions
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [managementGroup().id]
  }
}

resource inventory 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(managementGroup().id, principalId, definition.Name)
  properties: {
    roleDefinitionId: role.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource cost 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(managementGroup().id, principalId, costManagementReader)
  properties: {
    roleDefinitionId: tenantResourceId('Microsoft.Authorization/roleDefinitions', costManagementReader)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

module bill 'container.bicep' = if (!empty(exportAccountId)) {
  name: 'pitcrew-export'
  scope: resourceGroup(
    split(empty(exportAccountId) ? '//none//none' : exportAccountId, '/')[2],
    split(empty(exportAccountId) ? '//none//none' : exportAccountId, '/')[4]
  )
  params: {
    principalId: principalId
    account: last(split(exportAccountId, '/'))
    container: exportContainer
  }
}
