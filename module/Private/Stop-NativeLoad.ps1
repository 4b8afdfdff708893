function Stop-NativeLoad {
    <#
    .SYNOPSIS
    Ends the command because the first call into the native library failed: no library, or not ours.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes nothing: it throws.')]
    param($Cmdlet, $Path, [Exception] $Cause)

    while ($Cause.InnerException) { $Cause = $Cause.InnerException }
    $advice = 'Install the module again for this platform.'
    if ($IsLinux -and [IO.Directory]::GetFiles('/lib', 'ld-musl-*').Length) {
        $advice = 'This system uses musl; Coexist is built for glibc. Use a system or container with glibc.'
    }
    Stop-Native $Cmdlet NativeLibraryNotLoadable InvalidData $Path "The native library of Coexist cannot be loaded from '$Path': $($Cause.Message.Trim()) $advice" $Cause
}
