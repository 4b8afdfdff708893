# Microsoft Graph of the target tenant, asked by Coexist itself: no other module is loaded. On an Azure machine, -ManagedIdentity needs no certificate.
$ErrorActionPreference = 'Stop'
$certificate = Get-Item Cert:\CurrentUser\My\0000000000000000000000000000000000000000
Connect-CoexistTenant fabrikam.onmicrosoft.com -ClientId 00000000-0000-0000-0000-000000000000 -Certificate $certificate
