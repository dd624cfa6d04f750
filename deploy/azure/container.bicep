// Reading one container, and nothing else of its account.

@description('The object id of the identity.')
param principalId string

@description('The name of the storage account.')
param account string

@description('The container that the FOCUS export is delivered to.')
param container string

var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'

resource bill 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  name: '${account}/default/${container}'
}

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(bill.id, principalId, storageBlobDataReader)
  scope: bill
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
