function Stop-NativeVersion {
    <#
    .SYNOPSIS
    Ends the command because module and native library are of different releases.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes nothing: it throws.')]
    param($Cmdlet, $Path, $Version)

    Stop-Native $Cmdlet NativeLibraryVersionMismatch InvalidResult $Path ("The native library '$Path' speaks version $Version of the ABI, this module " +
        "version $NativeAbiVersion`: they are from different releases of Coexist. Install the module again and restart PowerShell.")
}
