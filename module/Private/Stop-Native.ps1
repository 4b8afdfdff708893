function Stop-Native {
    <#
    .SYNOPSIS
    Ends the running command because the native library cannot be used.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes nothing: it throws.')]
    param(
        [string] $Code,
        [Management.Automation.ErrorCategory] $Category,
        [object] $Target,
        [string] $Message,
        [Exception] $Cause
    )

    throw [Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($Message, $Cause), $Code, $Category, $Target)
}
