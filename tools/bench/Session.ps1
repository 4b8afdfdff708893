<#
.SYNOPSIS
How many batches a second go through the session, at a tenant that answers at once: at least 60.
.DESCRIPTION
Reads the members of groups with a stand-in for Invoke-MgGraphRequest whose answers are ready. What is left is the engine's part: event, question,
command, answer. A process of its own, because it defines commands of the Graph module.
#>
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidGlobalVars', '', Justification = 'What the module finds in the session, and what that reads.')]
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidGlobalFunctions', '', Justification = 'Likewise.')]
[CmdletBinding()]
param(
    # The built manifest.
    [Parameter(Mandatory)] [string] $Manifest,

    # Where the snapshot is written.
    [Parameter(Mandatory)] [string] $Folder,

    # Fewer than the quota of Graph, which the engine keeps also here, lets through at once.
    [int] $Groups = 3800
)

$ErrorActionPreference = 'Stop'
Import-Module $Manifest
$global:id = '11111111-2222-3333-4444-555555555555'
$global:batches = 0
$answers = foreach ($number in 1..20) { '{"id":"' + $number + '","status":200,"headers":{"Content-Type":"application/json"},"body":{"value":[{"@odata.type":"#microsoft.graph.user","id":"' + $id + '"}]}}' }
$global:batch = '{"responses":[' + ($answers -join ',') + ']}'
$global:pages = @{}
for ($from = 0; $from -lt $Groups; $from += 999) {
    $to = [Math]::Min($Groups, $from + 999)
    $ids = for ($number = $from; $number -lt $to; $number++) { '{"id":"' + $number.ToString('d8') + '-2222-3333-4444-555555555555"}' }
    $next = if ($to -lt $Groups) { ',"@odata.nextLink":"https://graph.microsoft.com/v1.0/groups?$skiptoken=' + $to + '"' }
    $pages["$from"] = '{"value":[' + ($ids -join ',') + ']' + $next + '}'
}
function global:Get-MgContext { [pscustomobject]@{ TenantId = $global:id; Account = 'a'; Environment = 'Global' } }
function global:Invoke-MgGraphRequest {
    [CmdletBinding()]
    param([string] $Method, [uri] $Uri, [object] $Body, [Collections.IDictionary] $Headers, [string] $ContentType, [string] $OutputType, [switch] $SkipHttpErrorCheck)
    if ($OutputType -ne 'HttpResponseMessage' -or -not $SkipHttpErrorCheck -or -not $Headers -or ($Body -and $ContentType -ne 'application/json')) { throw 'Not asked as the module asks.' }
    $text = if ($Method -eq 'POST') { $global:batches++; $global:batch }
    elseif ($Uri.OriginalString -match '/organization') { '{"value":[{"id":"' + $global:id + '","verifiedDomains":[{"name":"contoso.onmicrosoft.com","isInitial":true}]}]}' }
    elseif ($Uri.OriginalString -match 'skiptoken=(\d+)') { $global:pages[$Matches[1]] }
    else { $global:pages['0'] }
    $message = New-Object System.Net.Http.HttpResponseMessage
    $message.Content = New-Object System.Net.Http.StringContent -ArgumentList $text
    $message
}

$null = Connect-CoexistTenant contoso.onmicrosoft.com -GraphSession
$watch = [Diagnostics.Stopwatch]::StartNew()
$written = Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path $Folder -Kind members
$seconds = $watch.Elapsed.TotalSeconds
if ($written.Objects -ne $Groups) { throw "$($written.Objects) members instead of $Groups." }
$rate = $batches / $seconds
[pscustomobject]@{ Figure = '60 batches a second through the session / ours'; Ratio = 60 / $rate; Limit = 1; Detail = '{0:n0} batches a second, {1:n1} ms each; {2:n0} batches in {3:n1} s' -f $rate, (1000 / $rate), $batches, $seconds }
