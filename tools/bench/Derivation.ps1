<#
.SYNOPSIS
What the deriving cmdlets cost per piped object, against an empty advanced function with the same parameters: at most 2.0.
.DESCRIPTION
The empty function emits a PSCustomObject of one property. Both run over the same objects, unbuffered, in turn; a ratio is the median of all rounds.
#>
[CmdletBinding()]
param(
    # The built manifest.
    [Parameter(Mandatory)] [string] $Manifest,

    [int] $Count = 20000,

    [int] $Rounds = 11
)

$ErrorActionPreference = 'Stop'
Import-Module $Manifest -Force

$guids = @(for ($i = 0; $i -lt $Count; $i++) { [guid]::NewGuid() })
$dn = '/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn='
$cases = @(
    @{ Command = 'ConvertTo-CoexistImmutableId'; Of = 'GUIDs as text'; Objects = @(foreach ($guid in $guids) { [string]$guid }) }
    @{
        Command = 'ConvertTo-CoexistImmutableId'; Of = 'AD users with both anchors'; Objects = @(foreach ($guid in $guids) {
                [pscustomobject]@{ DistinguishedName = 'CN=Anna'; ObjectGUID = $guid; 'mS-DS-ConsistencyGuid' = $guid.ToByteArray() }
            })
    }
    @{ Command = 'ConvertFrom-CoexistImmutableId'; Of = 'text'; Objects = @(foreach ($guid in $guids) { [Convert]::ToBase64String($guid.ToByteArray()) }) }
    @{
        Command = 'ConvertFrom-CoexistImmutableId'; Of = 'Graph users'; Objects = @(foreach ($guid in $guids) {
                [pscustomobject]@{ Id = $guid; OnPremisesImmutableId = [Convert]::ToBase64String($guid.ToByteArray()) }
            })
    }
    @{
        Command = 'ConvertTo-CoexistX500'; Of = 'mailboxes'; Objects = @(foreach ($guid in $guids) {
                [pscustomobject]@{ Alias = 'anna'; LegacyExchangeDN = "$dn$guid" }
            })
    }
    @{ Command = 'ConvertTo-CoexistImceaex'; Of = 'LegacyExchangeDNs'; Objects = @(foreach ($guid in $guids) { "$dn$guid" }); With = @{ Domain = 'contoso.com' } }
)

function Get-Median([double[]] $Values) {
    $sorted = @($Values | Sort-Object)
    $sorted[[int][Math]::Floor($sorted.Count / 2)]
}

foreach ($case in $cases) {
    $command = Get-Command $case.Command
    $parameters = [Management.Automation.ProxyCommand]::GetParamBlock($command)
    Set-Item function:Measure-Empty ([scriptblock]::Create("[CmdletBinding()] param($parameters) process { [pscustomobject]@{ Value = 1 } }"))
    $with = if ($case.With) { $case.With } else { @{} }
    $objects = $case.Objects
    $ratios = @(); $ours = @(); $empties = @()
    foreach ($round in 0..$Rounds) {
        [GC]::Collect()
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $objects | Measure-Empty @with | Out-Null
        $empty = $watch.Elapsed.TotalMilliseconds
        [GC]::Collect()
        $watch.Restart()
        $objects | & $command @with | Out-Null
        $our = $watch.Elapsed.TotalMilliseconds
        # The first round compiles.
        if ($round -gt 0) { $ratios += $our / $empty; $ours += $our; $empties += $empty }
    }
    [pscustomobject]@{
        Figure = "$($case.Command) of $($case.Of), against an empty advanced function"
        Ratio  = [Math]::Round((Get-Median $ratios), 2)
        Limit  = 2.0
        Detail = '{0:n2} us against {1:n2} us per object; medians of {2} rounds over {3:n0}' -f (1000 * (Get-Median $ours) / $Count), (1000 * (Get-Median $empties) / $Count), $Rounds, $Count
    }
}
