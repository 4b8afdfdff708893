function Connect-CoexistTenant {
    <#
    .SYNOPSIS
    Makes a tenant known to this session under its name, and proves that the sign-in behind it belongs to that tenant.

    .DESCRIPTION
    Commands that reach a tenant name it with -Tenant and use what was connected here. Before anything else the tenant is asked who it is: a sign-in
    of another tenant than the one that is named ends the command, so that nothing is ever read from, or written to, the wrong one.

    Microsoft Graph is reached in one of two ways:

    -GraphSession   through Connect-MgGraph of this session. Its requests are made by Invoke-MgGraphRequest, one at a time; Coexist sees no token.
                    One PowerShell process holds one such sign-in; for two tenants at a time, use two processes or access tokens.
    -AccessToken    by the native engine itself, many requests at a time, with a token that you have from elsewhere. It goes to Graph alone, over
                    https; proxies come from HTTPS_PROXY, trust from the operating system.

    The engine wipes the token from its memory when you disconnect, connect again or remove the module. What .NET keeps cannot be wiped: the
    SecureString that you pass is yours to dispose of, and text that it was made from stays in memory until .NET collects it. Neither a file nor an
    error nor -Verbose output ever holds the token.

    .PARAMETER Tenant
    What you call the tenant: one of its verified domains, usually the initial one (contoso.onmicrosoft.com), or its GUID.

    .PARAMETER TenantId
    The tenant's GUID. Needed where the sign-in may not read who the tenant is; else a second guard.

    .PARAMETER GraphSession
    Use the sign-in of Connect-MgGraph.

    .PARAMETER AccessToken
    An access token for Microsoft Graph.

    .PARAMETER Environment
    The national cloud that the token is for: Global, USGov, USGovDoD or China. Or the address of a Graph on this machine, for practice.

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

        [Parameter(ParameterSetName = 'AccessToken')]
        [string] $Environment = 'Global'
    )

    end {
        Assert-LanguageMode
        $named = if ($PSBoundParameters.ContainsKey('TenantId')) { [string]$TenantId }
        $connection = @{ Tenant = $Tenant; Surface = 'graph'; Through = 'session'; Account = $null; Environment = $null; Secret = $null; TenantId = $named }
        if ($GraphSession) {
            $context = Get-GraphSession $PSCmdlet
            $connection.Account = if ($context.Account) { $context.Account } else { $context.AppName }
            $connection.Environment = $context.Environment
            $claimed = [string]$context.TenantId
        }
        else {
            $connection.Through = 'token'
            $connection.Environment = $Environment
            $connection.Secret = New-NativeSecret $PSCmdlet $AccessToken
            $claimed = $null
        }
        $kept = $false
        try {
            $found = $null
            Invoke-NativeJob $PSCmdlet @{ job = 'graphTenant'; connection = ConvertTo-NativeConnection $connection } -Result ([ref]$found)
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
