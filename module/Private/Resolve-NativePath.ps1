function Resolve-NativePath {
    <#
    .SYNOPSIS
    Returns the absolute path in the file system for a path as the caller of the public function wrote it; it need not exist.
    #>
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [string] $Path
    )

    $provider = $drive = $null
    $resolved = $Cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path, [ref]$provider, [ref]$drive)
    if ($provider.Name -ne 'FileSystem') {
        $exception = [ArgumentException]::new("'$Path' is not in the file system but in the provider $($provider.Name). Coexist reads and writes files; give the path of one.")
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'PathNotInFileSystem', 'InvalidArgument', $Path))
    }
    $resolved
}
