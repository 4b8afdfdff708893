function Stop-NativeFile {
    <#
    .SYNOPSIS
    Ends the command because the file of the native library is not there, or not whole.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes nothing: it throws.')]
    param($Cmdlet, $Rid, $Path, $Size)

    if (-not $NativePlatforms[$Rid]) {
        Stop-Native $Cmdlet NativePlatformNotSupported NotImplemented $Rid ("Coexist has no native library for $Rid; it is built for " +
            "$(($NativePlatforms.Keys | Sort-Object) -join ', '). On 64-bit Windows, start the 64-bit PowerShell.")
    }
    if (-not [IO.File]::Exists($Path)) {
        Stop-Native $Cmdlet NativeLibraryNotFound ObjectNotFound $Path ("The native library of Coexist for $Rid is missing: '$Path'. Without it no " +
            'command works. Install the module again; in a source tree, run ./build.ps1 Build and import the module from out/.')
    }
    Stop-Native $Cmdlet NativeLibraryNotLoadable InvalidData $Path ("The native library of Coexist for $Rid is damaged: '$Path' is shorter than the " +
        "$Size bytes that it was built with. Install the module again.")
}
