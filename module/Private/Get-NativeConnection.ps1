function Get-NativeConnection {
    <#
    .SYNOPSIS
    Returns every connection of this process as a job takes them: who, which surface, and for Graph how; never with a secret in it.
    #>
    [OutputType([hashtable[]])]
    param()

    , [hashtable[]]@(foreach ($key in $TenantConnections.Keys | Sort-Object) {
            $connection = $TenantConnections[$key]
            @{
                tenant = $connection.Tenant; tenantId = $connection.TenantId; surface = $connection.Surface; lab = $connection.Lab
                connection = $(if ($connection.Surface -eq 'graph') { ConvertTo-NativeConnection $connection })
            }
        })
}
