function Resolve-NativeLibrary {
    <#
    .SYNOPSIS
    Returns the absolute path of the native library for this process, or ends the command saying what is wrong.
    #>
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        Stop-Native LanguageModeNotSupported PermissionDenied $PSScriptRoot ("Coexist cannot call its native library in {0}. " +
            'Under App Control (WDAC) or AppLocker, sign the module and bin/*/coexist.*, allow the signer in the policy, and import it again.' -f
            $ExecutionContext.SessionState.LanguageMode)
    }

    # Windows PowerShell has neither variable: there it is Windows.
    $system = if ($IsLinux) { 'linux' } elseif ($IsMacOS) { 'osx' } else { 'win' }
    # The process's, not the system's: 32-bit Windows PowerShell on 64-bit Windows needs what we do not build.
    $rid = "$system-$([Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture)".ToLowerInvariant()
    $file = $NativePlatforms[$rid]
    if (-not $file) {
        Stop-Native NativePlatformNotSupported NotImplemented $rid ("Coexist has no native library for $rid. It is built for " +
            "$(($NativePlatforms.Keys | Sort-Object) -join ', '). On 64-bit Windows, start the 64-bit PowerShell.")
    }

    $path = [IO.Path]::Combine($PSScriptRoot, 'bin', $rid, $file)
    if (-not [IO.File]::Exists($path)) {
        Stop-Native NativeLibraryNotFound ObjectNotFound $path ("The native library of Coexist for $rid is missing: '$path'. " +
            'Install the module again; from a source tree, run ./build.ps1 Build and import the module from out/.')
    }
    $path
}
