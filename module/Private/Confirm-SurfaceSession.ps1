function Confirm-SurfaceSession {
    <#
    .SYNOPSIS
    Asks a session whose tenant it is, and completes the connection with what it says; ends the command where it is not the tenant that was named.
    #>
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [hashtable] $Connection
    )

    $session = Get-SurfaceSession $Connection
    if ($session.code) {
        $category = if ($session.code -eq 'TenantMismatch') { 'SecurityError' } elseif ($session.code -eq 'ExchangeSessionAmbiguous') { 'InvalidOperation' } else { 'ConnectionError' }
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($session.message), $session.code, $category, $Connection.Tenant))
    }
    $Connection.Account = $session.account
    $Connection.Environment = $session.where
    # What these two cannot tell is the administrator's word.
    if ($Connection.Surface -in 'sharePoint', 'activeDirectory') { return }

    $cure = 'connect with an account that may run Get-AcceptedDomain'
    if ($Connection.Surface -eq 'exchange') {
        $command = Resolve-SurfaceCommand $Connection Get-AcceptedDomain $session.module
        # Who may not read the domains says the id instead.
        try { if ($command) { $session.domains = @(& $command -ErrorAction Stop 3>$null 6>$null | ForEach-Object { [string]$_.DomainName }) } }
        catch [Management.Automation.PipelineStoppedException] { throw }
        catch { $Cmdlet.WriteVerbose("The accepted domains cannot be read: $($_.Exception.Message)") }
    }
    $Connection.TenantId = Confirm-TenantIdentity $Cmdlet $Connection.Tenant $Connection.TenantId $session $session.id $cure
}
