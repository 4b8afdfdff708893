function Resolve-NativeLibrary {
    <#
    .SYNOPSIS
    Returns the absolute path of the native library for this process. $Call and $How: see Get-NativeType.
    #>
    param($Cmdlet, $Call, $How)

    # Windows PowerShell has neither variable: there it is Windows.
    $system = if ($IsLinux) { 'linux' } elseif ($IsMacOS) { 'osx' } else { 'win' }
    # The process's, not the system's: 32-bit Windows PowerShell on 64-bit Windows needs what we do not build.
    $architecture = $Call.Invoke([System.Runtime.InteropServices.RuntimeInformation], ('ProcessArchitecture', $How, $null, $null, $null))
    $rid = "$system-$architecture"
    $file, $size = $NativePlatforms[$rid]
    if (-not $file) {
        Stop-Native $Cmdlet NativePlatformNotSupported NotImplemented $rid ("Coexist has no native library for $rid; it is built for " +
            "$(($NativePlatforms.Keys | Sort-Object) -join ', '). On 64-bit Windows, start the 64-bit PowerShell.")
    }
    $path = $Call.Invoke([System.IO.Path], ('GetFullPath', $How, $null, $null, @("$PSScriptRoot/bin/$file")))
    if (-not $Call.Invoke([System.IO.File], ('Exists', $How, $null, $null, @($path)))) {
        Stop-Native $Cmdlet NativeLibraryNotFound ObjectNotFound $path ("The native library of Coexist for $rid is missing: '$path'. Without it no command " +
            'works. Install the module again; in a source tree, run ./build.ps1 Build and import the module from out/.')
    }
    # A library that was cut short in copying kills the process that loads it. A signature makes it longer.
    if (([System.IO.FileInfo]$path).Length -lt $size) {
        Stop-Native $Cmdlet NativeLibraryNotLoadable InvalidData $path ("The native library of Coexist for $rid is damaged: '$path' is shorter than the $size " +
            'bytes that it was built with. Install the module again.')
    }
    $path
}
