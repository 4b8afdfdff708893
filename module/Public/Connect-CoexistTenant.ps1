function Connect-CoexistTenant {
    <#
    .SYNOPSIS
    Makes a tenant known to this session under its name, and proves that the sign-in behind it belongs to that tenant.

    .DESCRIPTION
    Commands that reach a tenant name it with -Tenant and use what was connected here. Before anything else the tenant is asked who it is: a sign-in
    of another tenant than the one that is named ends the command, so that nothing is ever read from, or written to, the wrong one. Before a plan
    writes anything the session is asked again.

    A tenant has several surfaces, each with a sign-in of its own; every call of this command adds one. The sign-in itself you do with the service's own
    module, except for Graph with a token, a secret, a certificate or a managed identity:

    -GraphSession       through Connect-MgGraph of this session. Its requests are made by Invoke-MgGraphRequest, one at a time; Coexist sees no token.
                        One PowerShell process holds one such sign-in; for two tenants at a time, use two processes or access tokens.
    -AccessToken        with a token that you have from elsewhere. When it expires, the command ends; connect again, and it goes on.
    -ClientSecret       as an application with a secret.
    -Certificate        as an application with a certificate. .NET signs, so the key need not be one that can be exported.
    -ManagedIdentity    as the Azure machine, App Service or Function that this runs on.
    -ExchangePrefix     through Connect-ExchangeOnline of this session, with the -Prefix that was given there, or '' where none was. The tenant is
                        proven by Get-ConnectionInformation. Commands of that very connection are used; Get-EXO commands, which go to
                        whatever was connected last, never.
    -Teams              through Connect-MicrosoftTeams of this session. The tenant is proven by Get-CsTenant.
    -SharePointUrl      through Connect-SPOService of this session. None of its commands tells a tenant's id, so -TenantId is your word; that the
                        session belongs to this address is proven by Get-SPOCrossTenantHostUrl.
    -ActiveDirectoryServer  one domain controller, with the account that runs this process. A forest has no tenant id: which tenant it is
                        synchronized to is your word.
    -Lab                every surface of a tenant of a lab, with nobody signed in anywhere.

    One process for each tenant and surface is the safe form: the Graph, Teams and SharePoint modules hold one tenant at a time, and the Exchange Online
    and Graph modules do not get on well in one process. Processes that work on one plan wait for each other.

    A lab's commands are brought into the session under a prefix, which is the first word of the tenant's name: Get-FabrikamMailUser and
    Set-FabrikamADUser for fabrikam.onmicrosoft.com. They take the parameters that the services' own commands take, and are yours to use. A lab has a time of its
    own, which starts on a fixed day and goes on with what is done: Step-FabrikamLab tells it, Step-FabrikamLab 60 lets an hour pass, and
    Step-FabrikamLab -To 2027-01-11T18:00:00Z goes to a moment.

    Tokens and secrets go to the sign-in and to Graph alone, over https (the identity endpoint of an Azure machine excepted); proxies come from
    HTTPS_PROXY, trust from the operating system. The engine wipes them from its memory when you disconnect, connect again or remove the module. What
    stays in .NET cannot be wiped: the SecureString that you pass is yours to dispose of, and text that it was made from is in memory until .NET
    collects it, as is the signed assertion of a certificate, which lives ten minutes. No file, error or -Verbose output ever holds a token.

    .PARAMETER Tenant
    What you call the tenant: one of its verified domains, usually the initial one (contoso.onmicrosoft.com), or its GUID.

    .PARAMETER TenantId
    The tenant's GUID. Needed where the sign-in may not read, or cannot tell, who the tenant is; else a second guard.

    .PARAMETER GraphSession
    Use the sign-in of Connect-MgGraph.

    .PARAMETER AccessToken
    An access token for Microsoft Graph.

    .PARAMETER ClientId
    The application's id; of a managed identity, which one where there are several.

    .PARAMETER ClientSecret
    A secret of the application.

    .PARAMETER Certificate
    A certificate of the application, with an RSA key that this account may use.

    .PARAMETER ManagedIdentity
    Use the managed identity of the Azure machine or app that this runs on.

    .PARAMETER ExchangePrefix
    The -Prefix of the Exchange Online connection to use, or '' for the one without a prefix.

    .PARAMETER Teams
    Use the sign-in of Connect-MicrosoftTeams.

    .PARAMETER SharePointUrl
    The address of the SharePoint admin center that Connect-SPOService was given, such as https://contoso-admin.sharepoint.com.

    .PARAMETER ActiveDirectoryServer
    The domain controller to read and write on: one and the same, because others learn of a change later.

    .PARAMETER Lab
    The folder of a lab that New-CoexistLab made.

    .PARAMETER Environment
    The national cloud that the tenant is in: Global, USGov, USGovDoD or China. Or the address of a Graph on this machine, for practice.

    .INPUTS
    None

    .OUTPUTS
    Coexist.Connection, one for each surface: Tenant, TenantId, Surface, Through, Account, Environment (the cloud, or the address, server or lab).

    .EXAMPLE
    Connect-CoexistTenant contoso.onmicrosoft.com -GraphSession

    Uses the session of Connect-MgGraph, if it is one of this tenant.

    .EXAMPLE
    Connect-CoexistTenant fabrikam.onmicrosoft.com -ExchangePrefix Fabrikam

    Uses the connection of Connect-ExchangeOnline -Prefix Fabrikam, if it is one of this tenant.

    .EXAMPLE
    Connect-CoexistTenant fabrikam.onmicrosoft.com -ActiveDirectoryServer dc01.corp.fabrikam.com

    Adds the forest whose objects are synchronized to this tenant.

    .EXAMPLE
    New-CoexistLab -Path $env:TEMP/coexist-lab -People 20 -Force | Out-Null
    Connect-CoexistTenant contoso.onmicrosoft.com -Lab $env:TEMP/coexist-lab
    Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $env:TEMP/coexist-lab
    Get-FabrikamMailUser | Select-Object -First 3

    Connects both tenants of a lab on every surface, and looks at the target as in Exchange Online.

    .NOTES
    Errors:
    TenantMismatch       the sign-in belongs to another tenant than the one that is named
    TenantNotVerified    the sign-in may not read who the tenant is, and -TenantId was not given
    GraphSessionMissing  Connect-MgGraph was not run in this session
    ExchangeSessionMissing, TeamsSessionMissing, SharePointSessionMissing: the same of the other sign-ins
    ExchangeSessionAmbiguous  several Exchange Online connections have the same prefix
    DirectoryNotReached  no domain controller answers there, or the module ActiveDirectory is missing
    LabNotFound          there is no lab in the folder
    TenantNotInLab       the lab has no such tenant
    EnvironmentUnknown   no such cloud
    SignInRefused        the sign-in gave no token; the cause says why
    TokenExpired, TokenNotRecognized, PermissionDenied and what else keeps Graph from answering

    .LINK
    Export-CoexistSnapshot

    .LINK
    Invoke-CoexistPlan
    #>
    [CmdletBinding(DefaultParameterSetName = 'GraphSession')]
    [OutputType('Coexist.Connection')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $Tenant,

        [Parameter(ParameterSetName = 'GraphSession')]
        [Parameter(ParameterSetName = 'AccessToken')]
        [Parameter(ParameterSetName = 'ClientSecret')]
        [Parameter(ParameterSetName = 'Certificate')]
        [Parameter(ParameterSetName = 'ManagedIdentity')]
        [Parameter(ParameterSetName = 'Exchange')]
        [Parameter(ParameterSetName = 'Teams')]
        [Parameter(ParameterSetName = 'ActiveDirectory')]
        [Parameter(Mandatory, ParameterSetName = 'SharePoint')]
        [guid] $TenantId,

        [Parameter(Mandatory, ParameterSetName = 'GraphSession')]
        [switch] $GraphSession,

        [Parameter(Mandatory, ParameterSetName = 'AccessToken')]
        [securestring] $AccessToken,

        [Parameter(Mandatory, ParameterSetName = 'ClientSecret')]
        [Parameter(Mandatory, ParameterSetName = 'Certificate')]
        [Parameter(ParameterSetName = 'ManagedIdentity')]
        [string] $ClientId,

        [Parameter(Mandatory, ParameterSetName = 'ClientSecret')]
        [securestring] $ClientSecret,

        [Parameter(Mandatory, ParameterSetName = 'Certificate')]
        [Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,

        [Parameter(Mandatory, ParameterSetName = 'ManagedIdentity')]
        [switch] $ManagedIdentity,

        [Parameter(Mandatory, ParameterSetName = 'Exchange')]
        [AllowEmptyString()]
        [string] $ExchangePrefix,

        [Parameter(Mandatory, ParameterSetName = 'Teams')]
        [switch] $Teams,

        [Parameter(Mandatory, ParameterSetName = 'SharePoint')]
        [ValidatePattern('^https://')]
        [string] $SharePointUrl,

        [Parameter(Mandatory, ParameterSetName = 'ActiveDirectory')]
        [string] $ActiveDirectoryServer,

        [Parameter(Mandatory, ParameterSetName = 'Lab')]
        [string] $Lab,

        [Parameter(ParameterSetName = 'AccessToken')]
        [Parameter(ParameterSetName = 'ClientSecret')]
        [Parameter(ParameterSetName = 'Certificate')]
        [Parameter(ParameterSetName = 'ManagedIdentity')]
        [string] $Environment = 'Global'
    )

    end {
        Assert-LanguageMode
        $named = if ($PSBoundParameters.ContainsKey('TenantId')) { [string]$TenantId }
        $connection = @{
            Tenant = $Tenant; TenantId = $named; Surface = 'graph'; Through = 'session'; Account = $null; Environment = $Environment; Secret = $null
            ClientId = $ClientId; Certificate = $Certificate; SignIn = $(if ($named) { $named } else { $Tenant })
            Prefix = $null; Url = $null; Server = $null; Lab = $null; Module = $null
        }
        $claimed = $null
        switch ($PSCmdlet.ParameterSetName) {
            'GraphSession' {
                $context = Get-GraphSession $PSCmdlet
                $connection.Account = if ($context.Account) { $context.Account } else { $context.AppName }
                $connection.Environment = $context.Environment
                $claimed = [string]$context.TenantId
            }
            'AccessToken' { $connection.Through = 'token'; $connection.Secret = New-NativeSecret $PSCmdlet $AccessToken }
            'ClientSecret' { $connection.Through = 'clientSecret'; $connection.Account = $ClientId; $connection.Secret = New-NativeSecret $PSCmdlet $ClientSecret }
            'Certificate' { $connection.Through = 'certificate'; $connection.Account = $ClientId }
            'ManagedIdentity' { $connection.Through = 'managedIdentity'; $connection.Account = $ClientId }
            'Exchange' { $connection.Surface = 'exchange'; $connection.Prefix = $ExchangePrefix }
            'Teams' { $connection.Surface = 'teams' }
            'SharePoint' { $connection.Surface = 'sharePoint'; $connection.Url = $SharePointUrl }
            'ActiveDirectory' { $connection.Surface = 'activeDirectory'; $connection.Server = $ActiveDirectoryServer }
        }

        $made = if ($PSCmdlet.ParameterSetName -eq 'Lab') {
            New-LabConnection $PSCmdlet (Resolve-NativePath $PSCmdlet $Lab) $connection
        }
        elseif ($connection.Surface -eq 'graph') {
            $kept = $false
            try {
                $found = $null
                Invoke-NativeJob $PSCmdlet @{ job = 'graphTenant'; connection = ConvertTo-NativeConnection $connection } -Connection $connection -Result ([ref]$found)
                $connection.TenantId = Confirm-TenantIdentity $PSCmdlet $Tenant $named $found $claimed
                $kept = $true
            }
            finally {
                if (-not $kept -and $null -ne $connection.Secret) { Clear-NativeSecret $connection.Secret }
            }
            $connection
        }
        else {
            Confirm-SurfaceSession $PSCmdlet $connection
            $connection
        }
        foreach ($connection in $made) {
            Set-TenantConnection $PSCmdlet $connection
            $shown = [ordered]@{ PSTypeName = 'Coexist.Connection' }
            foreach ($name in 'Tenant', 'TenantId', 'Surface', 'Through', 'Account', 'Environment') { $shown[$name] = $connection[$name] }
            [pscustomobject]$shown
        }
    }
}
