function ConvertTo-SurfaceArgument {
    <#
    .SYNOPSIS
    Returns a parameter of the engine's question as a cmdlet takes it: tables as hashtables, lists as arrays, bytes as bytes; text, also of dates, stays text.
    #>
    param(
        [object] $Value,

        # Where files that a parameter names are.
        [string] $ExportPath
    )

    if ($Value -is [Collections.IList]) {
        $items = @(foreach ($item in $Value) { , (ConvertTo-SurfaceArgument $item $ExportPath) })
        # The AD module refuses text in PowerShell's own wrapping; in an array of text there is none.
        if (-not ($items | Where-Object { $_ -isnot [string] })) { $items = [string[]]$items }
        return , $items
    }
    if ($Value -isnot [Management.Automation.PSCustomObject]) { return $Value }

    $members = @($Value.PSObject.Properties)
    if ($members.Count -eq 1 -and $members[0].Name -eq 'bytes') { return , [Convert]::FromBase64String($members[0].Value) }
    if ($members.Count -eq 1 -and $members[0].Name -eq 'file') {
        $name = [string]$members[0].Value
        if ($name -match '[\\/:]' -or $name -in '', '.', '..') { throw [ArgumentException]::new("'$name' is not the name of a file in the export folder.") }
        $file = [IO.Path]::Combine($ExportPath, $name)
        if (-not [IO.File]::Exists($file)) {
            throw [IO.FileNotFoundException]::new("'$file' is missing: New-CoexistBatchPlan -ExportPath writes it, and the operation hands it over. Pass -ExportPath where it lies elsewhere.")
        }
        return , [IO.File]::ReadAllBytes($file)
    }
    $table = @{}
    foreach ($member in $members) { $table[$member.Name] = ConvertTo-SurfaceArgument $member.Value $ExportPath }
    $table
}
