function Invoke-NativeJob {
    <#
    .SYNOPSIS
    Runs a job of the engine to its end: shows its progress and its problems, puts out what it emits, asks what it asks.
    .DESCRIPTION
    Everything native lives inside one try/finally: Ctrl+C is noticed between two waits, 200 ms at most, and cancels the job. A bad record is a
    non-terminating error; an error of the job itself ends the command.
    #>
    param(
        # $PSCmdlet of the public function.
        [Management.Automation.PSCmdlet] $Cmdlet,

        [hashtable] $Request,

        # Which events become output, and under which type name, or by what: @{ findings = 'Coexist.Finding'; people = { param($notice) ... } }.
        # Others are dropped.
        [hashtable] $Emit = @{},

        # Gets the result of the job.
        [ref] $Result = ([ref]$null),

        # Of a job that reaches a tenant: how.
        [hashtable] $Connection,

        # What answers which question, as JSON text: @{ command = { param($notice) ... } }. Others are put to the administrator, or are Graph's.
        [hashtable] $Ask = @{},

        # Answer every question with yes.
        [switch] $Force
    )

    # WriteError and WriteWarning look for the preference where they are called.
    $ErrorActionPreference = $Cmdlet.GetVariableValue('ErrorActionPreference')
    $WarningPreference = $Cmdlet.GetVariableValue('WarningPreference')

    $native = Get-NativeType $Cmdlet
    $engine = Get-NativeEngine $Cmdlet
    $bytes = ConvertTo-NativeBytes $Request
    $job = $pointer = [IntPtr]::Zero
    $length = [UIntPtr]::Zero
    $progress = $null
    try {
        $status = $native::coexist_job_start($engine, $bytes, [UIntPtr][uint64]$bytes.Length, [ref]$job, [ref]$pointer, [ref]$length)
        $answer = $native::Take($pointer, $length)
        if ($status -ne $NativeStatus.Ok) { $Cmdlet.ThrowTerminatingError((ConvertTo-NativeErrorRecord $answer)) }

        while ($true) {
            $status = $native::coexist_job_wait($job, 200, [ref]$pointer, [ref]$length)
            $answer = $native::Take($pointer, $length)
            if ($status -eq $NativeStatus.Pending) { continue }
            if ($status -eq $NativeStatus.Done) {
                if ($answer) { $Result.Value = ConvertFrom-NativeJson $answer }
                break
            }
            if ($status -ne $NativeStatus.Event) { $Cmdlet.ThrowTerminatingError((ConvertTo-NativeErrorRecord $answer)) }

            $notice = ConvertFrom-NativeJson $answer
            switch ($notice.event) {
                'progress' {
                    $progress = [Management.Automation.ProgressRecord]::new(1, $notice.activity, $(if ($notice.status) { $notice.status } else { ' ' }))
                    if ($notice.total) { $progress.PercentComplete = [int][Math]::Min(100, 100 * $notice.done / $notice.total) }
                    $Cmdlet.WriteProgress($progress)
                }
                'notices' {
                    foreach ($item in $notice.items) { $Cmdlet.WriteWarning($item.message) }
                }
                'problems' {
                    foreach ($problem in $notice.items) { $Cmdlet.WriteError((ConvertTo-NativeErrorRecord $problem)) }
                }
                'ask' {
                    $reply = if ($Ask[$notice.question]) { '{"id":' + $notice.id + ',"answer":' + (& $Ask[$notice.question] $notice) + '}' }
                    elseif ($notice.question -eq 'graphRequest') { '{"id":' + $notice.id + ',"answer":' + (Invoke-SessionRequest $notice.request) + '}' }
                    elseif ($notice.question -eq 'clientAssertion') { '{"id":' + $notice.id + ',"answer":' + (New-ClientAssertion $Cmdlet $Connection $notice.request.audience) + '}' }
                    else { @{ id = $notice.id; answer = [bool](Read-NativeAnswer $Cmdlet $notice $Force) } }
                    $reply = ConvertTo-NativeBytes $reply
                    $status = $native::coexist_job_answer($job, $reply, [UIntPtr][uint64]$reply.Length, [ref]$pointer, [ref]$length)
                    $answer = $native::Take($pointer, $length)
                    if ($status -ne $NativeStatus.Ok) { $Cmdlet.ThrowTerminatingError((ConvertTo-NativeErrorRecord $answer)) }
                }
                { $Emit[$_] -is [scriptblock] } {
                    & $Emit[$_] $notice
                    break
                }
                { $Emit.ContainsKey($_) } {
                    $items = if ($_ -eq 'lines') { ConvertFrom-NativeJson ('[' + $notice.text.Trim().Replace("`n", ',') + ']') } else { $notice.items }
                    foreach ($item in $items) {
                        $item.PSObject.TypeNames.Insert(0, $Emit[$_])
                        $item
                    }
                }
            }
        }
    }
    finally {
        # First what must not be missed: writing anything throws once the pipeline is stopping.
        $native::coexist_job_cancel($job)
        $native::coexist_job_free($job)
        if ($progress) {
            $progress.RecordType = [Management.Automation.ProgressRecordType]::Completed
            $Cmdlet.WriteProgress($progress)
        }
    }
}
