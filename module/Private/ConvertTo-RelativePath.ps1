function ConvertTo-RelativePath {
    <#
    .SYNOPSIS
    Returns a path relative to a folder where it lies below it, with forward slashes, so that a specification can move with its snapshots.
    #>
    [OutputType([string])]
    param(
        [string] $Folder,
        [string] $Path
    )

    $root = $Folder.TrimEnd([IO.Path]::DirectorySeparatorChar) + [IO.Path]::DirectorySeparatorChar
    if ($Path.StartsWith($root, [StringComparison]::Ordinal)) { $Path = './' + $Path.Substring($root.Length) }
    $Path.Replace('\', '/')
}
