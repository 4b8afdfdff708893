function Assert-NativeLibrary {
    <#
    .SYNOPSIS
    Makes the first call: ends the command when the file is no library, not ours, or of another version.
    #>
    param(
        [type] $Native,
        [string] $Path
    )

    try {
        $version = $Native::coexist_abi_version()
    }
    catch {
        $cause = $_.Exception
        while ($cause.InnerException) { $cause = $cause.InnerException }
        $advice = 'Install the module again for this platform.'
        if ([IO.Directory]::Exists('/lib') -and [IO.Directory]::GetFiles('/lib', 'ld-musl-*').Count) {
            $advice = 'This system uses musl; Coexist is built for glibc. Use a glibc-based system or container.'
        }
        Stop-Native NativeLibraryNotLoadable InvalidData $Path "The native library of Coexist cannot be loaded: '$Path' ($($cause.Message)). $advice" $cause
    }
    if ($version -ne $NativeAbiVersion) {
        Stop-Native NativeLibraryVersionMismatch InvalidResult $Path ("The native library '$Path' speaks version $version of the ABI, this module " +
            "version $NativeAbiVersion`: they are from different releases of Coexist. Install the module again, then restart PowerShell.")
    }
}
