function Export-CoexistSnapshot {
    <#
    .SYNOPSIS
    Writes piped objects of Exchange, Graph and AD cmdlets into a snapshot of a tenant, or reads them itself through Microsoft Graph.

    .DESCRIPTION
    A snapshot is a folder with one JSON Lines file for each kind of object: what a tenant, or an AD forest, held at one moment. Everything else
    in Coexist reads it instead of the tenant.

    Pipe any mix of recipients and users, as the cmdlets emit them; each object goes to the file of its kind, and further calls add kinds. Of each
    object it keeps the properties that Coexist reads, under their own names. A property that the object does not have is left out, which means
    unknown; one that is $null is kept as empty. So pipe the cmdlets' output itself, not Select-Object of it.

    Some cmdlets do not say what their objects belong to. Add it before the pipe: Group to members and owners of groups, LinkType to those of
    Microsoft 365 groups, Mailbox to the permissions on a calendar.

    Without piped objects, the kinds that -Kind names are read through Microsoft Graph from a tenant that Connect-CoexistTenant knows: users, guests
    (with their sign-in activity), groups, members, orgContacts, licences, policy. Each is read with named properties only, page by page to the
    disk, and replaces what the snapshot had of it. Of users, groups and orgContacts a later run into the same snapshot reads only what changed
    since. They are read whole again where Graph no longer knows what changed (after about a week; a warning says so), where other properties are
    asked for, where the kind's file was changed since by anything else, with signInActivity or licenseAssignmentStates as -Property, and with
    -Replace. The quotas of Graph are kept, refusals waited out; a run that was killed, cancelled or lost its token goes on where it stopped when
    the same command is run again within two days.

    Nothing is visible in the snapshot before everything has arrived; an interrupted export changes nothing.

    .PARAMETER InputObject
    The objects.

    .PARAMETER Tenant
    What you call the tenant, usually its initial domain: contoso.onmicrosoft.com.

    .PARAMETER TenantId
    The tenant's GUID: the guard against writing to the wrong tenant later.

    .PARAMETER Path
    The folder of the snapshot.

    .PARAMETER Kind
    The kind of the objects, where they do not show it themselves, such as licences or configuration. Without piped objects, the kinds to read.

    .PARAMETER Property
    Further properties to keep, for your own use; of users, guests, groups and orgContacts also through Graph.

    .PARAMETER Replace
    Replace what the snapshot holds of the piped kinds, instead of adding to it. Through Graph: read everything anew and not only what changed, and
    replace also a kind that was piped from cmdlets that tell more about its objects.

    .INPUTS
    Output of Get-Mailbox, Get-MailUser, Get-MailContact, Get-DistributionGroup, Get-AcceptedDomain, Get-MgUser, Get-ADUser and others.

    .OUTPUTS
    Coexist.SnapshotKind, for each kind that was written: Kind, Objects, Added, Replaced, Removed, Path.
    Removed counts what Graph told to be gone; where a kind was read whole, it is 0.

    .EXAMPLE
    Get-Mailbox -ResultSize Unlimited | Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path ./source

    Starts a snapshot with the mailboxes.

    .EXAMPLE
    Get-MailUser -ResultSize Unlimited | Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path ./source -Replace

    Adds the mail users, and replaces those that were there.

    .EXAMPLE
    Get-Mailbox -ResultSize Unlimited | Get-MailboxPermission | Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path ./source

    Adds who may open which mailbox. Get-RecipientPermission, Get-User and Get-MailboxRegionalConfiguration are piped in the same way.

    .EXAMPLE
    Get-Mailbox -ResultSize Unlimited | ForEach-Object { $mailbox = $_.PrimarySmtpAddress
        $calendar = Get-MailboxFolderStatistics $mailbox -FolderScope Calendar | Where-Object FolderType -EQ Calendar
        Get-MailboxFolderPermission "${mailbox}:\$($calendar.Name)" | Add-Member Mailbox $mailbox -PassThru } |
        Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path ./source

    Adds the permissions on calendars, whatever the folder is called in the language of the mailbox.

    .EXAMPLE
    Get-DistributionGroup -ResultSize Unlimited | ForEach-Object { $group = $_.PrimarySmtpAddress
        Get-DistributionGroupMember $group -ResultSize Unlimited | Add-Member Group $group -PassThru } |
        Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path ./source -Kind members

    Adds the members of lists. The owners of Microsoft 365 groups come from Get-UnifiedGroupLinks -LinkType Owners, with Group and LinkType added.

    .EXAMPLE
    Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path ./source -Kind users, guests, groups, members, orgContacts, licences, policy

    Reads what Graph holds of a connected tenant.

    .EXAMPLE
    Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path ./source -Kind users, groups

    A week later at most: reads what changed.

    .NOTES
    Errors:
    TenantConflict           the folder holds a snapshot of another tenant
    TenantNotConnected       nothing was piped, and Connect-CoexistTenant does not know the tenant
    TenantMismatch           the session has gone over to another tenant
    LabNotRead               nothing was piped, and the tenant is one of a lab
    FileChanged              the kind's file was changed while changes to it were read; run it again
    KindOfAnotherSource      the kind was piped from cmdlets that tell more; see -Replace
    NotReadThroughGraph      no such kind, or no such property of it, is read through Graph
    TokenExpired, PermissionDenied, Throttled, ServiceUnavailable: what Graph said, with its request id; what was read by then is kept
    An object whose kind cannot be told is an error of its own; the others go on.

    .LINK
    Get-CoexistSnapshot

    .LINK
    Connect-CoexistTenant
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType('Coexist.SnapshotKind')]
    param(
        [Parameter(ValueFromPipeline)]
        [object] $InputObject,

        [Parameter(Mandatory)]
        [string] $Tenant,

        [guid] $TenantId,

        [Parameter(Mandatory)]
        [string] $Path,

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord Kind $args[2] })]
        [string[]] $Kind,

        [string[]] $Property,

        [switch] $Replace
    )

    begin {
        Assert-LanguageMode
        $WhatIfPreference = $PSCmdlet.GetVariableValue('WhatIfPreference')
        $ConfirmPreference = $PSCmdlet.GetVariableValue('ConfirmPreference')
        $ErrorActionPreference = $PSCmdlet.GetVariableValue('ErrorActionPreference')
        $folder = Resolve-NativePath $PSCmdlet $Path
        $piped = $PSCmdlet.MyInvocation.ExpectingInput -or $PSBoundParameters.ContainsKey('InputObject')
        if (-not $piped) {
            $connection = Get-TenantConnection $PSCmdlet $Tenant graph
            if ($PSBoundParameters.ContainsKey('TenantId')) { $null = Confirm-TenantIdentity $PSCmdlet $Tenant ([string]$TenantId) @{ id = $connection.TenantId } }
            if (-not $Kind) {
                $exception = [ArgumentException]::new('Nothing was piped and no kind is named, so there is nothing to export. Pipe objects, or name the kinds to read through Graph with -Kind.')
                $PSCmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'NothingToExport', 'InvalidArgument', $Tenant))
            }
        }
        elseif (@($Kind).Count -gt 1) {
            $exception = [ArgumentException]::new("Piped objects can be of one kind that is named, and -Kind names $($Kind -join ', '). Name one, or none where the objects show it themselves.")
            $PSCmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'KindAmbiguous', 'InvalidArgument', $Tenant))
        }
        $kindName = if ($piped -and $Kind) { $Kind[0] } else { $null }
        $go = $PSCmdlet.ShouldProcess($folder, $(if ($piped) { "Write a snapshot of $Tenant" } else { "Read $($Kind -join ', ') of $Tenant through Graph into a snapshot" }))
        $names = if ($go -and $piped) { Get-SnapshotProperty $PSCmdlet $kindName }
        if ($Property) { $names = [string[]]@($names + $Property | Select-Object -Unique) }
        $lines = [Text.StringBuilder]::new(1MB + 64KB)
        $spool = $null

        $send = {
            $answer = Invoke-NativeCall $PSCmdlet @{ call = 'spool'; path = $folder; spool = $spool; kind = $kindName; lines = $lines.ToString() }
            $null = $lines.Clear()
            foreach ($problem in $answer.problems) { $PSCmdlet.WriteError((ConvertTo-NativeErrorRecord $problem)) }
            $answer.spool
        }
    }

    process {
        if (-not $go -or -not $piped) { return }
        $null = $lines.Append((ConvertTo-SnapshotLine $InputObject $names)).Append("`n")
        if ($lines.Length -ge 1MB) { $spool = & $send }
    }

    end {
        if (-not $go) { return }
        $result = $null
        if (-not $piped) {
            $request = @{
                job = 'graphExport'; path = $folder; kinds = @($Kind); properties = @($Property | Where-Object { $_ }); replaceKinds = [bool]$Replace
                tenant = @{ name = $Tenant; id = $connection.TenantId }; connection = ConvertTo-NativeConnection $connection
            }
            $retries = if ($connection.Through -eq 'session') { Set-SessionRetry 0 }
            try { Invoke-NativeJob $PSCmdlet $request -Connection $connection -Result ([ref]$result) }
            finally { if ($null -ne $retries) { $null = Set-SessionRetry $retries } }
            if ($result.resumed) { $PSCmdlet.WriteVerbose('An earlier export had been interrupted; this one went on where it stopped.') }
            foreach ($item in $result.anew) {
                # That Graph has forgotten is news; the others follow from what the user did.
                if ($item.code -eq 'DeltaExpired') { $PSCmdlet.WriteWarning($item.message) } else { $PSCmdlet.WriteVerbose($item.message) }
            }
            foreach ($item in $result.kinds) { ConvertTo-NativeResult $item Coexist.SnapshotKind }
            return
        }
        # Of a kind that is named there may be nothing, and that is worth knowing: the kind is written without objects.
        if ($lines.Length -or ($kindName -and -not $spool)) { $spool = & $send }
        if (-not $spool) { return }
        $request = @{
            job = 'commitSnapshot'; path = $folder; spool = $spool; replaceKinds = [bool]$Replace
            tenant = @{ name = $Tenant; id = $(if ($PSBoundParameters.ContainsKey('TenantId')) { [string]$TenantId } else { $null }) }
        }
        Invoke-NativeJob $PSCmdlet $request -Result ([ref]$result)
        foreach ($item in $result.kinds) { ConvertTo-NativeResult $item Coexist.SnapshotKind }
    }
}
