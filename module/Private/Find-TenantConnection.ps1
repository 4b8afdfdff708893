function Find-TenantConnection {
    <#
    .SYNOPSIS
    Returns how this process reaches a tenant on one surface: by the tenant's id where both sides know it, else by its name; nothing where it does not.
    #>
    [OutputType([hashtable])]
    param(
        [string] $Tenant,
        [string] $TenantId,
        [string] $Surface
    )

    $found = @($TenantConnections.Values | Where-Object {
            $_.Surface -eq $Surface -and $(if ($TenantId -and $_.TenantId) { $_.TenantId -eq $TenantId } else { $_.Tenant -eq $Tenant })
        } | Sort-Object { $_.Tenant -ne $Tenant }, { $_.Tenant })
    if ($found) { $found[0] }
}
