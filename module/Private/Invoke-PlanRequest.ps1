function Invoke-PlanRequest {
    <#
    .SYNOPSIS
    Carries out one Graph request of a plan through the session, if that still is one of the tenant; returns the answer as the JSON that the engine takes.
    #>
    [OutputType([string])]
    param(
        # tenant, method, uri, headers, body of the engine's question.
        [object] $Request
    )

    $connection = Find-TenantConnection $Request.tenant $null graph
    $now = $null
    # From memory: nothing is asked of the service.
    if (Get-Command Get-MgContext -ErrorAction Ignore) { $now = [string](Get-MgContext).TenantId }
    if ($connection -and $now -and $now -ne $connection.TenantId) {
        $body = [Text.StringBuilder]::new('{"error":{"code":"TenantMismatch","message":')
        Add-SnapshotValue $body "The Graph session is now signed in to the tenant $now and no longer to $($connection.Tenant) ($($connection.TenantId)), so nothing was asked. Run Connect-MgGraph for it." 0
        $line = [Text.StringBuilder]::new('{"status":403,"headers":{},"body":')
        Add-SnapshotValue $line ($body.Append('}}').ToString()) 0
        return $line.Append('}').ToString()
    }
    Invoke-SessionRequest $Request
}
