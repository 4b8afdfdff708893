function Get-CoexistSnapshot {
    <#
    .SYNOPSIS
    Reads a snapshot: what it holds, or the objects of one kind.

    .DESCRIPTION
    Without Kind, emits one object that names the tenant and counts the kinds, and says which properties were not exported. With Kind, emits the
    objects of that kind, with the properties that the source cmdlets gave them; dates stay the text that they are in the file.

    Also reads folders that hold what people have: CSV of Export-Csv, arrays of ConvertTo-Json.

    .PARAMETER Path
    The folder of the snapshot.

    .PARAMETER Kind
    The kind whose objects to emit.

    .INPUTS
    None.

    .OUTPUTS
    Coexist.Snapshot, or Coexist.SnapshotObject with Kind.

    .EXAMPLE
    New-CoexistLab -Path $env:TEMP/coexist-lab -People 20 -Force | Out-Null
    Get-CoexistSnapshot $env:TEMP/coexist-lab/source

    Makes a small lab and shows what its source tenant holds.

    .NOTES
    Errors:
    SnapshotNotFound  the folder is missing or holds no snapshot
    A line that cannot be read is an error of its own, with file and line; the others go on.

    .LINK
    Export-CoexistSnapshot
    #>
    [CmdletBinding()]
    [OutputType('Coexist.Snapshot', 'Coexist.SnapshotObject')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $Path,

        [Parameter(Position = 1)]
        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord Kind $args[2] })]
        [string] $Kind
    )

    end {
        Assert-LanguageMode
        $folder = Resolve-NativePath $PSCmdlet $Path
        $request = @{ job = 'readSnapshot'; path = $folder; kind = $(if ($Kind) { $Kind } else { $null }) }
        $result = $null
        Invoke-NativeJob $PSCmdlet $request -Emit @{ lines = 'Coexist.SnapshotObject' } -Result ([ref]$result)
        if (-not $Kind) {
            ConvertTo-NativeResult $result Coexist.Snapshot
        }
    }
}
