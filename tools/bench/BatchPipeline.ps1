<#
.SYNOPSIS
What New-CoexistBatchPlan costs from pipeline to objects for 5,000 people with 25,000 ties, less what the pipeline itself costs: at most 300 ms.
.DESCRIPTION
The people are rows as Import-Csv emits them; the ties come from a file. The pipeline's own cost is an advanced function that passes the same rows on.
Medians of all rounds in one process, after one that is not counted.
#>
[CmdletBinding()]
param(
    # The built manifest.
    [Parameter(Mandatory)] [string] $Manifest,

    [int] $People = 5000,

    [int] $Ties = 25000,

    [int] $Rounds = 9
)

$ErrorActionPreference = 'Stop'
Import-Module $Manifest -Force

function Measure-Empty {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline)] [object] $InputObject)
    process { $InputObject }
}

$rows = @(1..$People | ForEach-Object { [pscustomobject]@{ Identity = "person$_@contoso.com"; TimeZone = 'W. Europe Standard Time'; ItemCount = "$($_ * 7)"; Priority = '5' } })
$file = [IO.Path]::GetTempFileName()
try {
    # People of one department of 50 know each other, and a tenth of the ties lead elsewhere.
    $random = [Random]::new(1)
    $lines = [Collections.Generic.List[string]]::new()
    $lines.Add('From,To,Weight')
    while ($lines.Count -le $Ties) {
        $from = $random.Next($People)
        $to = if ($random.Next(10) -eq 0) { $random.Next($People) } else { [Math]::Min($People - 1, $from - $from % 50 + $random.Next(50)) }
        if ($from -ne $to) { $lines.Add("person$($from + 1)@contoso.com,person$($to + 1)@contoso.com,$($random.Next(1, 100))") }
    }
    [IO.File]::WriteAllLines($file, $lines)

    $spent = @()
    foreach ($round in 0..$Rounds) {
        [GC]::Collect()
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $null = $rows | Measure-Empty
        $empty = $watch.Elapsed.TotalMilliseconds
        [GC]::Collect()
        $watch.Restart()
        $null = $rows | New-CoexistBatchPlan -TiesPath $file -BatchSize 200
        if ($round) { $spent += $watch.Elapsed.TotalMilliseconds - $empty }
    }
    $sorted = @($spent | Sort-Object)
    $milliseconds = $sorted[[int][Math]::Floor($sorted.Count / 2)]
    [pscustomobject]@{
        Figure = 'batches of 5,000 piped people with 25,000 ties, of 300 ms'; Ratio = $milliseconds / 300; Limit = 1
        Detail = '{0:n0} ms less the pipeline itself; median of {1} rounds' -f $milliseconds, $Rounds
    }
}
finally { Remove-Item $file -ErrorAction Ignore }
