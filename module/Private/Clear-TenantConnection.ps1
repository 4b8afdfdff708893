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
    if (-not $module -or ($TenantConnections.Values | Where-Object { [object]::ReferenceEquals($_.Module, $module) })) { return }
    # In the global session, where they are: Remove-Module takes commands away where it is called.
    & ([psmoduleinfo]::new($true)) { param($Module) Remove-Module -ModuleInfo $Module -Force -WhatIf:$false -Confirm:$false -ErrorAction Ignore } $module
}
