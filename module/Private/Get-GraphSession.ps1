function Get-GraphSession {
    <#
    .SYNOPSIS
    Returns the context of Connect-MgGraph; ends the command where there is none.
    #>
    param(
        [Management.Automation.PSCmdlet] $Cmdlet
    )

    $context = $null
    if ((Get-Command Get-MgContext -ErrorAction Ignore) -and (Get-Command Invoke-MgGraphRequest -ErrorAction Ignore)) { $context = Get-MgContext }
    if ($context) { return $context }
    $exception = [InvalidOperationException]::new('This session is not signed in to Microsoft Graph, so nothing can be asked through it. Run Connect-MgGraph first (module Microsoft.Graph.Authentication), or pass -AccessToken.')
    $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'GraphSessionMissing', 'AuthenticationError', 'Connect-MgGraph'))
}
