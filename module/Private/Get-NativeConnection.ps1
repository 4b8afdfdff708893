function Get-NativeConnection {
    <#
    .SYNOPSIS
    Returns every connection of this process as a job takes them: who, which surface, and for Graph how; never with a secret in it.
    #>
    [OutputType([hashtable[]])]
    param()

    foreach ($key in $TenantConnections.Keys | Sort-Object) {
        $connection = $TenantConnections[$key]
        # A forest knows no tenant; it goes with what was connected under the same name.
        $id = if ($connection.TenantId) { $connection.TenantId } else { @($TenantConnections.Values | Where-Object { $_.Tenant -eq $connection.Tenant -and $_.TenantId })[0].TenantId }
        @{
            tenant = $connection.Tenant; tenantId = $id; surface = $connection.Surface; lab = $connection.Lab
            connection = $(if ($connection.Surface -eq 'graph') { ConvertTo-NativeConnection $connection })
        }
    }
}
