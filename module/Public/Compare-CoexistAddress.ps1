function Compare-CoexistAddress {
    <#
    .SYNOPSIS
    Says for every address of a recipient what must happen to it on the target object before the mailbox can move, and why.

    .DESCRIPTION
    Takes one source recipient and the target object that it is to become, or two whole snapshots, and emits one object per address: what happens
    (Action: Keep, Add, Remove, MakePrimary, or Conflict), to which address, for which reason (a stable code), and who sets that rule.

    It carries every X500 address of the source and its LegacyExchangeDN, keeps only addresses in accepted domains of the target, provides one
    address in the delivery domain, keeps the external address from becoming the primary one by accident, and leaves addresses of kinds that it
    does not know untouched. Whole snapshots are also searched for addresses that another recipient of the target holds, or that two people of
    the source claim.

    What it finds apart from addresses (a property that was not exported, too many addresses) comes as a warning. For whole snapshots the warning
    counts; Test-CoexistReadiness emits each finding.

    .PARAMETER Source
    The source recipient: what Get-Mailbox emits, or an object with the same properties.

    .PARAMETER Target
    The target object: what Get-MailUser emits. Left out or $null, there is none yet.

    .PARAMETER SourceSnapshot
    The folder of the source tenant's snapshot.

    .PARAMETER TargetSnapshot
    The folder of the target tenant's snapshot.

    .PARAMETER AcceptedDomain
    The accepted domains of the target. For snapshots, those in the target's snapshot unless given.

    .PARAMETER DeliveryDomain
    The TargetDeliveryDomain of the migration, such as fabrikam.mail.onmicrosoft.com. For snapshots, the target's initial domain unless given.

    .PARAMETER DomainMap
    Under which target domain each source domain is carried on: @{ 'contoso.com' = 'fabrikam.com' }. A domain that is not here is not carried.

    .PARAMETER Limit
    Limits that differ from Coexist's table, by name: @{ proxyAddressesWarn = 250 }.

    .INPUTS
    Mailboxes and other recipients of Exchange, as Source.

    .OUTPUTS
    Coexist.AddressAction: Identity, Target, Action, Address, Type, Property, Reason, Owner, Source.

    .EXAMPLE
    $mailbox = [pscustomobject]@{
        PrimarySmtpAddress = 'anna@contoso.com'
        EmailAddresses     = 'SMTP:anna@contoso.com', 'smtp:anna@contoso.onmicrosoft.com'
        LegacyExchangeDN   = '/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=0b6f-anna'
    }
    $mailbox | Compare-CoexistAddress -AcceptedDomain fabrikam.com, fabrikam.mail.onmicrosoft.com -DeliveryDomain fabrikam.mail.onmicrosoft.com -DomainMap @{ 'contoso.com' = 'fabrikam.com' }

    Shows what a new mail user for Anna needs.

    .NOTES
    Errors:
    AcceptedDomainsUnknown   no accepted domain of the target is given or in the snapshot
    RecipientNotRecognized   the object is not a recipient; the others go on

    .LINK
    Test-CoexistReadiness
    #>
    [CmdletBinding(DefaultParameterSetName = 'Pair')]
    [OutputType('Coexist.AddressAction')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline, ParameterSetName = 'Pair')]
        [object] $Source,

        [Parameter(Position = 1, ParameterSetName = 'Pair')]
        [AllowNull()]
        [object] $Target,

        [Parameter(Mandatory, ParameterSetName = 'Snapshot')]
        [string] $SourceSnapshot,

        [Parameter(Mandatory, ParameterSetName = 'Snapshot')]
        [string] $TargetSnapshot,

        [string[]] $AcceptedDomain,

        [string] $DeliveryDomain,

        [hashtable] $DomainMap = @{},

        [hashtable] $Limit = @{}
    )

    begin { Assert-LanguageMode }

    process {
        if ($PSCmdlet.ParameterSetName -ne 'Pair') { return }

        $names = Get-SnapshotProperty $PSCmdlet
        $rest = ConvertTo-Json -InputObject @{
            call = 'addresses'; acceptedDomains = @($AcceptedDomain | Where-Object { $_ }); domainMap = $DomainMap; limits = $Limit
            deliveryDomain = $(if ($DeliveryDomain) { $DeliveryDomain } else { $null })
        } -Depth 4 -Compress
        $targetLine = if ($null -eq $Target) { 'null' } else { ConvertTo-SnapshotLine $Target $names }
        $request = '{0},"source":{1},"target":{2}}}' -f $rest.Substring(0, $rest.Length - 1), (ConvertTo-SnapshotLine $Source $names), $targetLine

        $answer = Invoke-NativeCall $PSCmdlet $request $Source
        $WarningPreference = $PSCmdlet.GetVariableValue('WarningPreference')
        foreach ($finding in $answer.findings) { $PSCmdlet.WriteWarning("$($finding.code): $($finding.message)") }
        foreach ($row in $answer.rows) {
            $row.PSObject.TypeNames.Insert(0, 'Coexist.AddressAction')
            $row
        }
    }

    end {
        if ($PSCmdlet.ParameterSetName -ne 'Snapshot') { return }

        $request = @{
            job = 'compareAddresses'; domainMap = $DomainMap; limits = $Limit
            source = Resolve-NativePath $PSCmdlet $SourceSnapshot
            target = Resolve-NativePath $PSCmdlet $TargetSnapshot
            acceptedDomains = $(if ($AcceptedDomain) { @($AcceptedDomain) } else { $null })
            deliveryDomain = $(if ($DeliveryDomain) { $DeliveryDomain } else { $null })
        }
        $result = $null
        Invoke-NativeJob $PSCmdlet $request -Emit @{ rows = 'Coexist.AddressAction' } -Result ([ref]$result)
        $counts = @(foreach ($count in $result.findings.PSObject.Properties) { "$($count.Name) $($count.Value)" })
        if ($counts) {
            $WarningPreference = $PSCmdlet.GetVariableValue('WarningPreference')
            $PSCmdlet.WriteWarning("Findings: $($counts -join ', '). Test-CoexistReadiness shows each.")
        }
    }
}
