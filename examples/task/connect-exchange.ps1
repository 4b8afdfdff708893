# Exchange Online of the target tenant, as an application with a certificate in the store of the task's account.
$ErrorActionPreference = 'Stop'
Import-Module ExchangeOnlineManagement -MinimumVersion 3.0.0
Connect-ExchangeOnline -Prefix Fabrikam -Organization fabrikam.onmicrosoft.com -AppId 00000000-0000-0000-0000-000000000000 -CertificateThumbprint 0000000000000000000000000000000000000000 -ShowBanner:$false
Connect-CoexistTenant fabrikam.onmicrosoft.com -ExchangePrefix Fabrikam
