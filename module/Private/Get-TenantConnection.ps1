function Get-TenantConnection {
    <#
    .SYNOPSIS
    Returns how a tenant is reached on one surface; ends the command where it is not, or where the session has gone over to another tenant.
    #>
    [OutputType([hashtable])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [string] $Tenant,
        [string] $Surface
    )

    $connection = $TenantConnections["$Surface $Tenant"]
    if (-not $connection) {
        $exception = [InvalidOperationException]::new("$Tenant is not connected on the surface $Surface, so it cannot be asked. Run Connect-CoexistTenant $Tenant first, or pipe objects in.")
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'TenantNotConnected', 'ConnectionError', $Tenant))
    }
    if ($connection.Through -eq 'lab') {
        $get = "Get-$($connection.Prefix)MailUser"
        $exception = [NotSupportedException]::new("$Tenant is a tenant of a lab, whose Graph takes what plans ask and gives no whole lists. Pipe what its commands emit, such as $get | Export-CoexistSnapshot.")
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'LabNotRead', 'NotImplemented', $Tenant))
    }
    if ($connection.Through -eq 'session') {
        $now = [string](Get-GraphSession $Cmdlet).TenantId
        if ($now -ne $connection.TenantId) {
            $exception = [InvalidOperationException]::new("The Graph session is now signed in to the tenant $now and no longer to $Tenant ($($connection.TenantId)), so it is not used. Run Connect-MgGraph for $Tenant, then Connect-CoexistTenant.")
            $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'TenantMismatch', 'SecurityError', $Tenant))
        }
    }
    $connection
}
