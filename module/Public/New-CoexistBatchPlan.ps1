function New-CoexistBatchPlan {
    <#
    .SYNOPSIS
    Works out who moves together on which night: as few ties broken as possible, every cap, date and pin kept.

    .DESCRIPTION
    Takes people from the pipeline, from a CSV file (-PeoplePath) or from the source snapshot (-Specification or -Snapshot), and what ties them together
    from the snapshot's permissions or from a CSV file (-TiesPath). Hard ties are never broken. Ties between two batches of one night are not broken: people
    feel nights, not batches.

    Caps come from the parameters, the specification and the table of limits; the plan says which of them bound. What cannot be planned is refused with
    a reason from which nothing can be left out. People whom a finding excludes come out without a batch, with the reason, and take those along who are
    hard-tied to them.

    The same inputs give the same batches, on every machine. Given the previous plan, as few people as possible move to another night.

    .PARAMETER InputObject
    A person: anything with Identity, PrimarySmtpAddress or UserPrincipalName, such as the output of Get-Mailbox or Import-Csv. Further properties that are
    used where they are there: TotalItemSize, ArchiveSize, ItemCount, OneDriveSize, TimeZone, Priority (1 early to 9 late), Pilot, Vip, NotBefore, NotAfter,
    Night and Batch (pins), Submitted, TargetAddress, TargetId, TargetUserPrincipalName, Findings (codes),
    EncryptedContent, FormsOwned, VivaEngageAccess, LicensedByGovernance.

    .PARAMETER Specification
    The specification, coexist.json: its snapshots give people, ties, sizes, time zones and findings, its section batches the rules.

    .PARAMETER Snapshot
    The folder of a source snapshot, for a plan without a specification.

    .PARAMETER PeoplePath
    A CSV file of people, with the columns that -InputObject has as properties.

    .PARAMETER TiesPath
    A CSV file of ties: From, To, Kind, Weight. Kind may be left out (explicit); Weight is a whole number, or 'hard' for a tie that is never broken.

    .PARAMETER BatchSize
    People in one batch at most. The service's own limit holds besides.

    .PARAMETER BatchCount
    How many batches to divide people into, where there is no calendar.

    .PARAMETER Night
    The nights that may be used, by the date on which they begin; instead of the specification's calendar.

    .PARAMETER PeoplePerNight
    People who are cut over in one night at most.

    .PARAMETER TimeZone
    The time zone of people whose own is not known, as a Windows or IANA name. UTC unless the specification says otherwise.

    .PARAMETER Previous
    An earlier plan of batches: whoever can stays where they were in it.

    .PARAMETER Submitted
    The names of batches that have been submitted to the service: their people stay. Needs -Previous.

    .PARAMETER Explain
    One person, by any identity: emits why they are on their night instead of everybody.

    .PARAMETER As
    What is emitted: an object for each Person (unless told otherwise), Batch, Night or Finding, or the Summary alone.

    .PARAMETER Path
    Where the whole plan is written: people, batches, what was compromised, and for every batch with a night the dated operations (submission, validation,
    completion) with the places between them for the work on identities.

    .PARAMETER ExportPath
    A folder for what each batch needs: the CSV of New-MigrationBatch or the body of the orchestrator job, and for each night the list of people to notify.

    .PARAMETER Force
    Replace files that are there, without asking.

    .INPUTS
    Any object with Identity, PrimarySmtpAddress or UserPrincipalName.

    .OUTPUTS
    Coexist.BatchPerson: Identity, Batch, Night, CompleteAfter, CutTies, CutWeight, Moved, PreviousBatch, AttributionGapHours, Warnings, Reason.
    With -As: Coexist.Batch, Coexist.Night, Coexist.Finding or Coexist.BatchSummary. With -Explain: Coexist.BatchExplanation.

    .EXAMPLE
    1..50 | ForEach-Object { [pscustomobject]@{ Identity = "person$_@contoso.com" } } | New-CoexistBatchPlan -BatchSize 20 -As Batch

    Puts fifty people into three batches.

    .EXAMPLE
    New-CoexistLab -Path $env:TEMP/coexist-lab -People 20 -Force | Out-Null
    New-CoexistBatchPlan -Specification $env:TEMP/coexist-lab/coexist.json -ErrorAction SilentlyContinue | Where-Object Batch

    Plans the people of a small lab.

    .NOTES
    Errors:
    BatchesInfeasible     not everybody can be placed; the message says what binds, and what would free it
    BatchesNotPlaced      no way was found, and none was proven to be impossible
    CalendarInvalid       the calendar of the specification cannot be used
    PeopleFileInvalid     no column names a person
    TiesFileInvalid       the columns From and To are not there
    PersonUnknown         -Explain names nobody who is planned
    A row that cannot be read is an error of its own, with file and line; the others go on.

    .LINK
    Test-CoexistReadiness

    .LINK
    New-CoexistPlan
    #>
    [CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'Specification')]
    [OutputType('Coexist.BatchPerson', 'Coexist.Batch', 'Coexist.Night', 'Coexist.Finding', 'Coexist.BatchSummary', 'Coexist.BatchExplanation')]
    param(
        [Parameter(ValueFromPipeline)]
        [object] $InputObject,

        [string] $Specification,

        [string] $Snapshot,

        [string] $PeoplePath,

        [string] $TiesPath,

        [ValidateRange(1, [int]::MaxValue)]
        [int] $BatchSize,

        [ValidateRange(1, [int]::MaxValue)]
        [int] $BatchCount,

        [datetime[]] $Night,

        [ValidateRange(1, [int]::MaxValue)]
        [int] $PeoplePerNight,

        [string] $TimeZone,

        [string] $Previous,

        [string[]] $Submitted,

        [string] $Explain,

        [ValidateSet('Person', 'Batch', 'Night', 'Finding', 'Summary')]
        [string] $As = 'Person',

        [string] $Path,

        [string] $ExportPath,

        [switch] $Force
    )

    begin {
        Assert-LanguageMode
        $WhatIfPreference = $PSCmdlet.GetVariableValue('WhatIfPreference')
        $ConfirmPreference = $PSCmdlet.GetVariableValue('ConfirmPreference')
        $ErrorActionPreference = $PSCmdlet.GetVariableValue('ErrorActionPreference')
        $lines = [Text.StringBuilder]::new()
        $names = $known = $null
        $piped = $false
    }

    process {
        if (-not $PSBoundParameters.ContainsKey('InputObject') -or $null -eq $InputObject) { return }
        if (-not $names) {
            $names = [string[]](Invoke-NativeCall $PSCmdlet @{ call = 'table'; name = 'people' })
            $known = [Collections.Generic.HashSet[string]]::new($names, [StringComparer]::OrdinalIgnoreCase)
        }
        $piped = $true
        if ($InputObject -is [string]) { $InputObject = [pscustomobject]@{ Identity = $InputObject } }
        if ($InputObject -isnot [Management.Automation.PSCustomObject]) {
            # A mailbox has more properties than there are names to look for.
            $null = $lines.Append((ConvertTo-SnapshotLine $InputObject $names)).Append("`n")
            return
        }
        # A row has fewer; without a call for each, since five thousand of them are to take no time.
        $separator = '{'
        foreach ($member in $InputObject.PSObject.Properties) {
            if (-not $known.Contains($member.Name)) { continue }
            $value = $member.Value
            $null = $lines.Append($separator).Append('"').Append($member.Name).Append('":')
            if ($value -is [string] -and $value -notmatch '["\\\x00-\x1f]') { $null = $lines.Append('"').Append($value).Append('"') }
            else { Add-SnapshotValue $lines $value 0 }
            $separator = ','
        }
        $null = $lines.Append($(if ($separator -eq '{') { "{}`n" } else { "}`n" }))
    }

    end {
        $request = @{ job = 'batches'; as = $As.Substring(0, 1).ToLowerInvariant() + $As.Substring(1) }
        if ($piped) { $request.people = $lines.ToString() }
        foreach ($file in 'Specification', 'Snapshot', 'PeoplePath', 'TiesPath', 'Previous') {
            if ($PSBoundParameters.ContainsKey($file)) {
                $request[$file.Substring(0, 1).ToLowerInvariant() + $file.Substring(1)] = Resolve-NativePath $PSCmdlet $PSBoundParameters[$file]
            }
        }
        if ($BatchSize) { $request.batchSize = $BatchSize }
        if ($BatchCount) { $request.batchCount = $BatchCount }
        if ($PeoplePerNight) { $request.peoplePerNight = $PeoplePerNight }
        if ($Night) { $request.nights = @($Night | ForEach-Object { $_.ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture) }) }
        if ($TimeZone) { $request.timeZone = $TimeZone }
        if ($Submitted) { $request.submitted = @($Submitted) }
        if ($Explain) { $request.explain = $Explain }
        if ($Path) {
            $file = Resolve-NativePath $PSCmdlet $Path
            if ($PSCmdlet.ShouldProcess($file, 'Write a plan of batches')) { $request.path = $file }
        }
        if ($ExportPath) {
            $folder = Resolve-NativePath $PSCmdlet $ExportPath
            if ($PSCmdlet.ShouldProcess($folder, 'Write what each batch needs')) { $request.exportPath = $folder }
        }
        $request.replace = $(if ($Force) { 'yes' } else { 'ask' })

        $result = $null
        $emit = @{ findings = 'Coexist.Finding'; people = ${function:ConvertFrom-PersonText}; batches = 'Coexist.Batch'; nights = 'Coexist.Night'; explanations = 'Coexist.BatchExplanation' }
        Invoke-NativeJob $PSCmdlet $request -Emit $emit -Result ([ref]$result) -Force:$Force
        if ($result.told -and $As -ne 'Finding') {
            $PSCmdlet.WriteWarning("$($result.told) findings about people, dates or ties; -As Finding shows them.")
        }
        if ($As -eq 'Summary' -and -not $Explain) { ConvertTo-NativeResult $result Coexist.BatchSummary }
        elseif ($result) {
            $PSCmdlet.WriteVerbose(('{0} people in {1} batches on {2} nights; {3} of {4} ties broken (weight {5} of {6}); {7} in no batch; {8}.' -f
                    $result.people, $result.batches, $result.nights, $result.cutTies, $result.ties, $result.cutWeight, $result.tieWeight, $result.excluded, $result.binding))
        }
    }
}
