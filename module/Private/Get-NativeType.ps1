function Get-NativeType {
    <#
    .SYNOPSIS
    Returns Coexist.Native (the exports of the library) or one of the output classes, made on first use.
    .NOTES
    The types live as long as the process and are shared by its runspaces: a runspace of ForEach-Object -Parallel finds them made.
    #>
    param(
        [string] $Name = 'Coexist.Native'
    )

    $type = $script:NativeTypes[$Name]
    if ($type) { return $type }

    if (-not $script:NativePath) { $script:NativePath = Resolve-NativeLibrary }
    $key = "$Name $NativePath"
    $type = [AppDomain]::CurrentDomain.GetData($key)
    if (-not $type) {
        if ($Name -eq 'Coexist.Native') {
            $type = New-NativeLibraryType $NativePath
            Assert-NativeLibrary $type $NativePath
        }
        else {
            $type = New-NativeOutputType $Name (Get-NativeType)
        }
        [AppDomain]::CurrentDomain.SetData($key, $type)
    }
    $script:NativeTypes[$Name] = $type
    $type
}
