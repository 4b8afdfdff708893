function Stop-Native {
    <#
    .SYNOPSIS
    Ends the running command because the native library cannot be used.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes nothing: it throws.')]
    param(
        # $PSCmdlet of the public function; throw would be overruled by its -ErrorAction SilentlyContinue.
        [Management.Automation.PSCmdlet] $Cmdlet,

        [string] $Code,
        [Management.Automation.ErrorCategory] $Category,
        [object] $Target,
        [string] $Message,
        [Exception] $Cause
    )

    $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($Message, $Cause), $Code, $Category, $Target))
}
