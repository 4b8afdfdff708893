function Read-Confirmation {
    <#
    .SYNOPSIS
    Answers a question of a running plan with true or false; where somebody would have to be asked and nobody can be, the command ends.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSShouldProcess', '', Justification = 'Those of the public function are called.')]
    [OutputType([string])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,

        # question and request.
        [object] $Question,

        # Whether anybody is to be asked, once for a kind of irreversible operations.
        [bool] $Asking
    )

    try {
        $answer = if ($Question.question -eq 'shouldProcess') { $Cmdlet.ShouldProcess($Question.request.target, $Question.request.action) }
        elseif (-not $Asking) { $false }
        else { $Cmdlet.ShouldContinue("$($Question.request.message) This concerns $($Question.request.count) operations. Carry them out?", 'This cannot be taken back') }
    }
    catch [Management.Automation.PipelineStoppedException] {
        throw
    }
    catch {
        Stop-Unconfirmed $Cmdlet $_.Exception
    }
    if ($answer) { 'true' } else { 'false' }
}
