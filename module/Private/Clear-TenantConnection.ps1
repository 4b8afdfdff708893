function Clear-TenantConnection {
    <#
    .SYNOPSIS
    Takes away what a connection that is no longer known has left behind: its token in the engine, the commands of its lab.
    #>
    param(
        [hashtable] $Connection
    )

    if ($null -ne $Connection.Secret) { Clear-NativeSecret $Connection.Secret }
    $module = $Connection.Module
    if ($module -and -not ($TenantConnections.Values | Where-Object { [object]::ReferenceEquals($_.Module, $module) })) {
        Remove-Module -ModuleInfo $module -Force -WhatIf:$false -Confirm:$false -ErrorAction Ignore
    }
}
