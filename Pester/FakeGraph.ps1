# A Microsoft Graph for tests of the module: what one request is answered with. Dot-sourced; also by the runspace that serves it over HTTP.

function New-FakeGraph {
    # @{ Users; Groups; TenantId; ... }, and what it was asked in Asked.
    param([int] $Users = 2500, [int] $Groups = 60)

    [hashtable]::Synchronized(@{
            Users = $Users; Groups = $Groups; TenantId = '11111111-2222-3333-4444-555555555555'; Domain = 'contoso.onmicrosoft.com'; Root = 'https://graph.microsoft.com'
            Asked = [Collections.ArrayList]::Synchronized([Collections.ArrayList]::new()); ThrottleOnce = @{}; Refuse = $null; Tokens = [Collections.ArrayList]::Synchronized([Collections.ArrayList]::new())
            Forms = [Collections.ArrayList]::Synchronized([Collections.ArrayList]::new()); Changes = @{}; Expired = $false
        })
}

function Get-FakePage {
    param($Graph, [string] $Path, [string] $Query, [int] $Count, [scriptblock] $Object)

    $top = if ($Query -match '\$top=(\d+)') { [int]$Matches[1] } else { 100 }
    $from = if ($Query -match '\$skiptoken=(\d+)') { [int]$Matches[1] } else { 0 }
    $to = [Math]::Min($Count, $from + $top)
    $objects = for ($number = $from; $number -lt $to; $number++) { & $Object $number }
    $next = ''
    if ($to -lt $Count) { $next = ',"@odata.nextLink":"' + $Graph.Root + '/v1.0' + $Path + '?' + ($Query -replace '&?\$skiptoken=\d+') + '&$skiptoken=' + $to + '"' }
    '{"value":[' + ($objects -join ',') + ']' + $next + '}'
}

function Get-FakeAnswer {
    # status, headers, body of one request.
    param($Graph, [string] $Method, [string] $Uri, [string] $Body)

    $null = $Graph.Asked.Add("$Method $Uri")
    $path, $query = ($Uri -replace '^https?://[^/]+' -replace '^/v1\.0').Split('?', 2)
    $query = [string]$query
    if ($path -match '/oauth2/v2\.0/token$') {
        $null = $Graph.Forms.Add($Body)
        $right = $Body -match 'client_secret=hunter2&?' -or $Body -match 'client_assertion='
        $grant = if ($right) { '{"token_type":"Bearer","expires_in":3599,"access_token":"granted"}' } else { '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}' }
        return @{ status = $(if ($right) { 200 } else { 401 }); headers = @{}; body = $grant }
    }
    if ($Graph.Refuse) {
        return @{ status = $Graph.Refuse.status; headers = @{ 'request-id' = 'aaaaaaaa-1111-2222-3333-444444444444' }; body = $Graph.Refuse.body }
    }
    $user = { param($n) '{"id":"c0e81570-0000-0000-0000-{0:d12}","userPrincipalName":"user{0}@contoso.com","displayName":"Zo\u00eb {0}","createdDateTime":"2024-02-29T23:59:59.1234567Z","userType":"Member","accountEnabled":true,"proxyAddresses":["SMTP:user{0}@contoso.com"]}'.Replace('{0}', "$n").Replace('{0:d12}', "$n".PadLeft(12, '0')) }
    $group = { param($n) '{"id":"c0e81570-0000-0000-0001-{0:d12}","displayName":"Group {0}","mail":"g{0}@contoso.com","mailEnabled":true,"securityEnabled":false,"groupTypes":["Unified"],"proxyAddresses":["SMTP:g{0}@contoso.com"],"onPremisesSyncEnabled":null}'.Replace('{0}', "$n").Replace('{0:d12}', "$n".PadLeft(12, '0')) }
    $member = { param($n) '{"@odata.type":"#microsoft.graph.user","id":"c0e81570-0000-0000-0000-{0:d12}"}'.Replace('{0:d12}', "$n".PadLeft(12, '0')) }
    $body = switch -regex ($path) {
        '^/\$batch$' {
            # In another order than they were asked: Graph promises none.
            $answers = @(foreach ($request in ($Body | ConvertFrom-Json).requests) {
                $url = $request.url
                if ($Graph.ThrottleOnce.ContainsKey($url)) {
                    $Graph.ThrottleOnce.Remove($url)
                    '{"id":"' + $request.id + '","status":429,"headers":{"Retry-After":"1"},"body":{"error":{"code":"TooManyRequests","message":"later"}}}'
                }
                else {
                    $answer = Get-FakeAnswer $Graph $request.method $url ''
                    '{"id":"' + $request.id + '","status":' + $answer.status + ',"headers":{},"body":' + $answer.body + '}'
                }
            })
            [array]::Reverse($answers)
            '{"responses":[' + ($answers -join ',') + ']}'
        }
        '^/organization$' { '{"value":[{"id":"' + $Graph.TenantId + '","displayName":"Contoso","verifiedDomains":[{"name":"' + $Graph.Domain + '","isInitial":true},{"name":"contoso.com"}]}]}' }
        '^/users/\$count$' { [string]$Graph.Users }
        '^/contacts/\$count$' { '0' }
        '^(?<list>/(users|groups|contacts))/delta\(\)$' {
            $changes = @($Graph.Changes[$Matches.list] | Where-Object { $_ })
            if ($query -notmatch 'deltatoken=latest') {
                if ($Graph.Expired) { return @{ status = 410; headers = @{}; body = '{"error":{"code":"resyncRequired","message":"Resync required."}}' } }
            }
            else { $changes = @() }
            '{"value":[' + ($changes -join ',') + '],"@odata.deltaLink":"' + $Graph.Root + '/v1.0' + $path + '?$deltatoken=1"}'
        }
        '^/users$' { Get-FakePage $Graph $path $query $Graph.Users $user }
        '^/groups$' { Get-FakePage $Graph $path $query $Graph.Groups $group }
        '^/groups/[^/]+/members$' { Get-FakePage $Graph $path $query 3 $member }
        '^/contacts$' { '{"value":[]}' }
        '^/subscribedSkus$' { '{"value":[{"id":"t_s","skuPartNumber":"SPE_E5"}]}' }
        '^/policies/crossTenantAccessPolicy$' { '{"@odata.context":"x","id":"p","displayName":"CrossTenantAccessPolicy"}' }
        '^/policies/crossTenantAccessPolicy/default$' { '{"isServiceDefault":true}' }
        '^/policies/crossTenantAccessPolicy/partners$' { '{"value":[{"tenantId":"99999999-2222-3333-4444-555555555555"}]}' }
        default { return @{ status = 404; headers = @{}; body = '{"error":{"code":"Request_ResourceNotFound","message":"no ' + $path + '"}}' } }
    }
    @{ status = 200; headers = @{ 'request-id' = 'aaaaaaaa-1111-2222-3333-444444444444' }; body = $body }
}

function Start-FakeGraph {
    # Serves it on this machine until Stop-FakeGraph.
    param($Graph, [string] $File = $PSCommandPath)

    $listener = [Net.HttpListener]::new()
    do {
        $port = Get-Random -Minimum 20000 -Maximum 60000
        $listener.Prefixes.Clear()
        $listener.Prefixes.Add("http://127.0.0.1:$port/")
        $started = $true
        try { $listener.Start() } catch { $started = $false; $listener = [Net.HttpListener]::new() }
    } until ($started)
    $Graph.Root = "http://127.0.0.1:$port"
    $Graph.Listener = $listener
    $shell = [powershell]::Create()
    $null = $shell.AddScript({
            param($graph, $file)
            . $file
            while ($graph.Listener.IsListening) {
                try { $context = $graph.Listener.GetContext() } catch { break }
                try {
                    $null = $graph.Tokens.Add($context.Request.Headers['Authorization'])
                    $reader = [IO.StreamReader]::new($context.Request.InputStream)
                    $answer = Get-FakeAnswer $graph $context.Request.HttpMethod ([Uri]::UnescapeDataString($context.Request.RawUrl)) $reader.ReadToEnd()
                    $bytes = [Text.Encoding]::UTF8.GetBytes($answer.body.Replace('TOKEN', [string]$context.Request.Headers['Authorization']))
                    $context.Response.StatusCode = $answer.status
                    foreach ($name in $answer.headers.Keys) { $context.Response.Headers[$name] = $answer.headers[$name] }
                    $context.Response.OutputStream.Write($bytes, 0, $bytes.Length)
                    $context.Response.Close()
                }
                catch { $context.Response.Abort() }
            }
        }).AddArgument($Graph).AddArgument($File)
    $null = $shell.BeginInvoke()
    $Graph.Shell = $shell
}

function Stop-FakeGraph {
    param($Graph)

    $Graph.Listener.Close()
    $Graph.Shell.Dispose()
}

function New-FakeMessage {
    # An answer as Invoke-MgGraphRequest -OutputType HttpResponseMessage gives it.
    param([hashtable] $Answer)

    Add-Type -AssemblyName System.Net.Http
    $message = New-Object System.Net.Http.HttpResponseMessage -ArgumentList $Answer.status
    foreach ($name in $Answer.headers.Keys) { $null = $message.Headers.TryAddWithoutValidation($name, [string]$Answer.headers[$name]) }
    $message.Content = New-Object System.Net.Http.StringContent -ArgumentList $Answer.body, ([Text.Encoding]::UTF8), 'application/json'
    $message
}
