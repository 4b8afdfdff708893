function Set-TenantConnection {
    <#
    .SYNOPSIS
    Remembers how a tenant is reached on one surface, in place of what was known before.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes a variable of the module.')]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [hashtable] $Connection
    )

    $key = "$($Connection.Surface) $($Connection.Tenant)"
    $before = $TenantConnections[$key]
    $TenantConnections[$key] = $Connection
    if ($before) { Clear-TenantConnection $before }
    $Cmdlet.WriteVerbose("$($Connection.Tenant) is reached through $($Connection.Through) on the surface $($Connection.Surface).")
}
