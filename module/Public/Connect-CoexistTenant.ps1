function Connect-CoexistTenant {
    <#
    .SYNOPSIS
    Makes a tenant known to this session under its name, and proves that the sign-in behind it belongs to that tenant.

    .DESCRIPTION
    Commands that reach a tenant name it with -Tenant and use what was connected here. Before anything else the tenant is asked who it is: a sign-in
    of another tenant than the one that is named ends the command, so that nothing is ever read from, or written to, the wrong one.

    Microsoft Graph is reached through the session, or by the native engine itself, which makes many requests at a time:

    -GraphSession   through Connect-MgGraph of this session. Its requests are made by Invoke-MgGraphRequest, one at a time; Coexist sees no token.
                    One PowerShell process holds one such sign-in; for two tenants at a time, use two processes or access tokens.
    -AccessToken    with a token that you have from elsewhere. When it expires, the command ends; connect again, and it goes on.
    -ClientSecret   as an application with a secret.
    -Certificate    as an application with a certificate. .NET signs, so the key need not be one that can be exported.
    -ManagedIdentity  as the Azure machine, App Service or Function that this runs on.

    Tokens and secrets go to the sign-in and to Graph alone, over https (the identity endpoint of an Azure machine excepted); proxies come from
    HTTPS_PROXY, trust from the operating system. The engine wipes them from its memory when you disconnect, connect again or remove the module. What
    stays in .NET cannot be wiped: the SecureString that you pass is yours to dispose of, and text that it was made from is in memory until .NET
    collects it, as is the signed assertion of a certificate, which lives ten minutes. No file, error or -Verbose output ever holds a token.

    .PARAMETER Tenant
    What you call the tenant: one of its verified domains, usually the initial one (contoso.onmicrosoft.com), or its GUID.

    .PARAMETER TenantId
    The tenant's GUID. Needed where the sign-in may not read who the tenant is; else a second guard.

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

    .PARAMETER Environment
    The national cloud that the tenant is in: Global, USGov, USGovDoD or China. Or the address of a Graph on this machine, for practice.

    .INPUTS
    None

    .OUTPUTS
    Coexist.Connection: Tenant, TenantId, Surface, Through, Account, Environment.

    .EXAMPLE
    Connect-CoexistTenant contoso.onmicrosoft.com -GraphSession

    Uses the session of Connect-MgGraph, if it is one of this tenant.

    .NOTES
    Errors:
    TenantMismatch       the sign-in belongs to another tenant than the one that is named
    TenantNotVerified    the sign-in may not read who the tenant is, and -TenantId was not given
    GraphSessionMissing  Connect-MgGraph was not run in this session
    EnvironmentUnknown   no such cloud
    SignInRefused        the sign-in gave no token; the cause says why
    TokenExpired, TokenNotRecognized, PermissionDenied and what else keeps Graph from answering

    .LINK
    Export-CoexistSnapshot
    #>
    [CmdletBinding(DefaultParameterSetName = 'GraphSession')]
    [OutputType('Coexist.Connection')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $Tenant,

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
        }
        $kept = $false
        try {
            $found = $null
            Invoke-NativeJob $PSCmdlet @{ job = 'graphTenant'; connection = ConvertTo-NativeConnection $connection } -Connection $connection -Result ([ref]$found)
            $connection.TenantId = Confirm-TenantIdentity $PSCmdlet $Tenant $named $found $claimed
            Set-TenantConnection $PSCmdlet $connection
            $kept = $true
        }
        finally {
            if (-not $kept -and $null -ne $connection.Secret) { Clear-NativeSecret $connection.Secret }
        }
        $shown = [ordered]@{ PSTypeName = 'Coexist.Connection' }
        foreach ($name in 'Tenant', 'TenantId', 'Surface', 'Through', 'Account', 'Environment') { $shown[$name] = $connection[$name] }
        [pscustomobject]$shown
    }
}
