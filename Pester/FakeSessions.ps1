# What an administrator's session has after Connect-ExchangeOnline, Connect-MicrosoftTeams, Connect-SPOService and with RSAT; dot-sourced by test files. The
# module finds commands in the global scope alone.

function New-FakeExchange {
    # One connection of Connect-ExchangeOnline -Prefix: its line in Get-ConnectionInformation, and its temporary module with the commands.
    param([string] $Prefix, [string] $TenantId, [string[]] $Domain, [scriptblock] $Commands = {})

    $name = "tmpEXO_$([guid]::NewGuid().ToString('N').Substring(0, 8)).abc"
    $module = New-Module -Name $name -ArgumentList (, $Domain) -ScriptBlock ([scriptblock]::Create("param(`$Domain)`n$(${function:Get-FakeAcceptedDomain})`n$Commands"))
    $module | Import-Module -Prefix $Prefix -Global -DisableNameChecking
    $connection = [pscustomobject]@{
        ConnectionId = [guid]::NewGuid(); State = 'Connected'; Id = $global:fakeExchange.Count + 1; Name = "ExchangeOnline_$($global:fakeExchange.Count + 1)"
        UserPrincipalName = "admin@$($Domain[0])"; ConnectionUri = 'https://outlook.office365.com'; TokenStatus = 'Active'; ModuleName = "/tmp/$name"
        ModulePrefix = $Prefix; TenantID = $TenantId; IsEopSession = $false; Module = $module
    }
    $global:fakeExchange.Add($connection)
    $connection
}

# In the temporary module.
${function:Get-FakeAcceptedDomain} = {
    function Get-AcceptedDomain { [CmdletBinding()] param() foreach ($name in $Domain) { [pscustomobject]@{ DomainName = $name } } }
}

function Set-FakeSession {
    # Everything that is signed in to one service at a time.
    $global:fakeExchange = [Collections.Generic.List[object]]::new()
    $global:fakeTeams = $null
    $global:fakeHost = $null
    function global:Get-ConnectionInformation { [CmdletBinding()] param() $global:fakeExchange }
    function global:Get-CsTenant { [CmdletBinding()] param() if (-not $global:fakeTeams) { throw 'You must call the Connect-MicrosoftTeams cmdlet before calling any other cmdlets.' }; $global:fakeTeams }
    function global:Get-SPOCrossTenantHostUrl { [CmdletBinding()] param() if (-not $global:fakeHost) { throw 'No connection available. Use Connect-SPOService before running this CmdLet.' }; $global:fakeHost }
    function global:Get-ADDomain { [CmdletBinding()] param([string] $Server) if ($Server -notlike '*.fabrikam.com') { throw "Unable to contact the server. ($Server)" }; [pscustomobject]@{ DNSRoot = 'corp.fabrikam.com'; Forest = 'corp.fabrikam.com' } }
}

function Remove-FakeSession {
    foreach ($connection in $global:fakeExchange) { & ([psmoduleinfo]::new($true)) { param($Module) Remove-Module $Module -Force } $connection.Module }
    Remove-Item function:Get-ConnectionInformation, function:Get-CsTenant, function:Get-SPOCrossTenantHostUrl, function:Get-ADDomain -ErrorAction Ignore
    Remove-Variable fakeExchange, fakeTeams, fakeHost -Scope Global -ErrorAction Ignore
}
