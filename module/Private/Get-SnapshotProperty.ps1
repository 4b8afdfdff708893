function Get-SnapshotProperty {
    <#
    .SYNOPSIS
    Returns the names of the properties that a snapshot of a kind keeps, of all kinds where none is named. The engine holds the table.
    #>
    [OutputType([string[]])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [string] $Kind
    )

    if (-not $script:SnapshotKinds) {
        $script:SnapshotKinds = (Invoke-NativeCall $Cmdlet @{ call = 'table'; name = 'snapshot' }).kinds
    }
    $kinds = if ($Kind) { $SnapshotKinds | Where-Object kind -EQ $Kind } else { $SnapshotKinds }
    , [string[]]@($kinds.properties | Select-Object -Unique)
}
