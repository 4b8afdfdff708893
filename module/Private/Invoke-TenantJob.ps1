function Invoke-TenantJob {
    <#
    .SYNOPSIS
    Runs a job that reaches tenants: its commands and requests go through the connections of this process.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', 'Memory', Justification = 'Used in a script block.')]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [hashtable] $Request,

        # What the job remembers on this side.
        [hashtable] $Memory,

        [hashtable] $Emit,
        [hashtable] $Ask,
        [ref] $Result
    )

    $Ask.command = { param($notice) Invoke-SurfaceCommand $Cmdlet $notice.request $Memory }
    $Ask.graphRequest = { param($notice) Invoke-PlanRequest $notice.request }
    $Ask.clientAssertion = { param($notice) New-ClientAssertion $Cmdlet (Find-TenantConnection $notice.request.tenant $null graph) $notice.request.audience }
    $session = $TenantConnections.Values | Where-Object { $_.Surface -eq 'graph' -and $_.Through -eq 'session' }
    $retries = if ($session) { Set-SessionRetry 0 }
    try { Invoke-NativeJob $Cmdlet $Request -Emit $Emit -Ask $Ask -Result $Result }
    finally { if ($null -ne $retries) { $null = Set-SessionRetry $retries } }
}
