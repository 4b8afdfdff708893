function Disconnect-CoexistTenant {
    <#
    .SYNOPSIS
    Forgets a connected tenant on every surface, wipes its token from the engine, and takes away the commands of its lab.

    .DESCRIPTION
    Undoes Connect-CoexistTenant for this session. A sign-in that belongs to the session itself, such as that of Connect-MgGraph or
    Connect-ExchangeOnline, stays as it is.

    .PARAMETER Tenant
    The tenant as it was named when it was connected. All of them where it is left out.

    .INPUTS
    None

    .OUTPUTS
    None

    .EXAMPLE
    Disconnect-CoexistTenant

    Forgets every connected tenant.

    .NOTES
    Errors: none; a tenant that is not connected is not one.

    .LINK
    Connect-CoexistTenant
    #>
    [CmdletBinding()]
    param(
        [Parameter(Position = 0)]
        [string] $Tenant
    )

    end {
        foreach ($key in @($TenantConnections.Keys)) {
            $connection = $TenantConnections[$key]
            if ($Tenant -and $connection.Tenant -ne $Tenant) { continue }
            $TenantConnections.Remove($key)
            Clear-TenantConnection $connection
        }
    }
}
