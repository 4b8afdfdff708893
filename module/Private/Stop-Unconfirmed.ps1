function Stop-Unconfirmed {
    <#
    .SYNOPSIS
    Ends the command because somebody would have to be asked, and nobody can be.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes nothing: it throws.')]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [Exception] $Cause
    )

    $exception = [InvalidOperationException]::new("Operations are confirmed one by one, and nobody can be asked in this session. Add -Confirm:`$false to carry them out without questions, or -WhatIf to see them.", $Cause)
    $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'ConfirmationNeeded', 'InvalidOperation', $Cmdlet.MyInvocation.MyCommand.Name))
}
