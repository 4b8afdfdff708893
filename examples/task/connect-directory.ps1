# The forest that is synchronized to the target tenant, with the account that the task runs as.
$ErrorActionPreference = 'Stop'
Import-Module ActiveDirectory
Connect-CoexistTenant fabrikam.onmicrosoft.com -ActiveDirectoryServer dc01.corp.fabrikam.com
