function Read-NativeAnswer {
    <#
    .SYNOPSIS
    Puts a question of a job to the administrator; -Force is yes, and where nobody can be asked the command ends.
    #>
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [object] $Question,
        [bool] $Force
    )

    if ($Force) { return $true }
    $text = switch ($Question.question) {
        'replaceFile' { "'$($Question.target)' is there already. Replace it?" }
        default { "$($Question.question): $($Question.target)?" }
    }
    try {
        $Cmdlet.ShouldContinue($text, 'Coexist')
    }
    catch [Management.Automation.PipelineStoppedException] {
        throw
    }
    catch {
        $exception = [InvalidOperationException]::new("$text Nobody can be asked in this session; add -Force to say yes.", $_.Exception)
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'ConfirmationNeeded', 'ResourceExists', $Question.target))
    }
}
