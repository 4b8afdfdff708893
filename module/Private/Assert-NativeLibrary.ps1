function Assert-NativeLibrary {
    <#
    .SYNOPSIS
    Makes the first call: ends the command when the file is no library, not ours, or of another version. $Call and $How: see Get-NativeType.
    #>
    param($Cmdlet, $Type, $Path, $Call, $How)

    try {
        $version = $Call.Invoke($Type, ('coexist_abi_version', $How, $null, $null, $null))
    }
    catch {
        $cause = $_.Exception
        while ($cause.InnerException) { $cause = $cause.InnerException }
        $advice = 'Install the module again for this platform.'
        if ($IsLinux -and [System.IO.Directory]::GetFiles('/lib', 'ld-musl-*').Length) {
            $advice = 'This system uses musl; Coexist is built for glibc. Use a system or container with glibc.'
        }
        Stop-Native $Cmdlet NativeLibraryNotLoadable InvalidData $Path "The native library of Coexist cannot be loaded from '$Path': $($cause.Message.Trim()) $advice" $cause
    }
    if ($version -ne $NativeAbiVersion) {
        Stop-Native $Cmdlet NativeLibraryVersionMismatch InvalidResult $Path ("The native library '$Path' speaks version $version of the ABI, this module " +
            "version $NativeAbiVersion`: they are from different releases of Coexist. Install the module again and restart PowerShell.")
    }
}
