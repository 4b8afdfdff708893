function Confirm-TenantIdentity {
    <#
    .SYNOPSIS
    Returns the id of the tenant behind a sign-in, or ends the command where it is not the one that was named.
    #>
    [OutputType([string])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,

        # As the caller names the tenant, by name and, where given, by id.
        [string] $Name,
        [string] $Id,

        # What the tenant said: id, displayName, domains; without domains where the sign-in may not read them.
        [object] $Found,

        # What the session says that it is signed in to.
        [string] $Claimed,

        # What would let the sign-in read who its tenant is.
        [string] $Cure = 'give it the permission Organization.Read.All'
    )

    $actual = if ($Found.id) { $Found.id } else { $Claimed }
    $domains = @($Found.domains | Where-Object { $_ })
    $called = if ($Found.initialDomain) { "$($Found.initialDomain) ($actual)" } else { $actual }
    $wanted = if ($Id) { "$Name ($Id)" } else { $Name }

    $other = ($Id -and $actual -and $Id -ne $actual) -or ($Claimed -and $Claimed -ne $actual) -or ($domains -and $Name -ne $actual -and $Name -notin $domains)
    if ($other) {
        $exception = [InvalidOperationException]::new("The sign-in belongs to the tenant $called and not to $wanted, so it is not used. Sign in to $Name, or name the tenant that you mean.")
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'TenantMismatch', 'SecurityError', $Name))
    }
    if (-not $actual -or (-not $domains -and -not $Id -and $Name -ne $actual)) {
        $exception = [InvalidOperationException]::new("The sign-in may not read who its tenant is, so nothing proves that it is $Name. Pass -TenantId, or $Cure.")
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'TenantNotVerified', 'SecurityError', $Name))
    }
    $actual
}
