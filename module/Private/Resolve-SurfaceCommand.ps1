function Resolve-SurfaceCommand {
    <#
    .SYNOPSIS
    Returns the command of that name that belongs to a connection; nothing where its session has none.
    .NOTES
    With several Exchange Online connections the same name may stand for another tenant: of Exchange only what the module of this very connection brought
    counts. So does for a lab what its own module brought.
    #>
    [OutputType([Management.Automation.CommandInfo])]
    param(
        [hashtable] $Connection,
        [string] $Name,

        # The temporary module of the Exchange Online connection.
        [string] $Module
    )

    $verb, $noun = $Name -split '-', 2
    if ($Connection.Through -eq 'lab') { return $Connection.Module.ExportedFunctions["$verb-$($Connection.Prefix)$noun"] }

    $called = "$verb-$($Connection.Prefix)$noun"
    $listed = $Connection.Surface -ne 'activeDirectory'
    $found = @(Get-Command $called -CommandType Function, Cmdlet -ListImported:$listed -All -ErrorAction Ignore)
    if ($Connection.Surface -eq 'exchange') {
        # Those that the module itself brings go to whatever was connected last.
        $found = @($found | Where-Object { $_.ModuleName -ne 'ExchangeOnlineManagement' -and (-not $Module -or $_.ModuleName -eq $Module) })
    }
    $found | Select-Object -First 1
}
